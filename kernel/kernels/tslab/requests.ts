/**
 * Thread that receives the front end's requests and hands them to the main thread. When the main thread does not
 * take an interrupt (sent on the control channel by JupyterLab, on the shell channel by VS Code), a cell is in an
 * endless loop, and its JavaScript is terminated.
 */
import { Session } from 'node:inspector/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { BUSY, CLOSED, fromTslab, HEARD } from './tslab.ts';

const { connection, state } = workerData as {
  connection: Record<string, string>;
  state: Int32Array;
};
const { Router } = fromTslab('zeromq');
const sockets: Record<string, InstanceType<typeof Router>> = {
  shell: new Router(),
  control: new Router(),
};

parentPort!.on('message', (m: 'close' | { channel: string; frames: (Uint8Array | string)[] }) => {
  if (m === 'close') for (const socket of Object.values(sockets)) socket.close();
  else
    void sockets[m.channel].send(m.frames.map((f) => (typeof f === 'string' ? f : Buffer.from(f))));
});

async function terminateUnlessHeard(before: number): Promise<void> {
  for (let waited = 0; waited < 500; waited += 20) {
    await new Promise((r) => setTimeout(r, 20));
    if (Atomics.load(state, HEARD) !== before) return;
  }
  if (Atomics.load(state, BUSY)) return;
  const session = new Session();
  session.connectToMainThread();
  await session.post('Runtime.terminateExecution');
  session.disconnect();
}

async function receive(channel: string): Promise<void> {
  const socket = sockets[channel];
  await socket.bind(`${connection.transport}://${connection.ip}:${connection[`${channel}_port`]}`);
  for await (const frames of socket) {
    const at = frames.findIndex((f: Buffer) => f.toString() === '<IDS|MSG>');
    const type: string = JSON.parse(frames[at + 2].toString()).msg_type;
    const heard = Atomics.load(state, HEARD);
    parentPort!.postMessage({ channel, type, frames });
    if (type === 'interrupt_request') await terminateUnlessHeard(heard);
  }
}
await Promise.all(['shell', 'control'].map(receive)); // until the sockets are closed
parentPort!.close();
Atomics.store(state, CLOSED, 1);
Atomics.notify(state, CLOSED);
