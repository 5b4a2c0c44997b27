/**
 * Thread that receives the front end's requests and hands them to the main thread. When the main thread does not
 * take an interrupt (sent on the control channel by JupyterLab, on the shell channel by VS Code), a cell is in an
 * endless loop, and its JavaScript is terminated.
 */
import { Session } from 'node:inspector/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { BUSY, CLOSED, fromTslab, HEARD, type Untyped } from './tslab.ts';

const PATIENCE_MS = 500;

const { connection, state } = workerData as {
  connection: Record<string, string>;
  state: Int32Array;
};
const { Router } = fromTslab('zeromq');
const sockets: Record<string, Untyped> = { shell: new Router(), control: new Router() };

parentPort?.on('message', (message: 'close' | Reply) => {
  if (message === 'close') {
    for (const socket of Object.values(sockets)) socket.close();
  } else {
    void sockets[message.channel].send(message.frames.map(toBuffer));
  }
});

interface Reply {
  channel: string;
  frames: (Uint8Array | string)[];
}

const toBuffer = (frame: Uint8Array | string) =>
  typeof frame === 'string' ? frame : Buffer.from(frame);

await Promise.all(Object.keys(sockets).map(receive)); // until the sockets are closed
parentPort?.close();
Atomics.store(state, CLOSED, 1);
Atomics.notify(state, CLOSED);

async function receive(channel: string): Promise<void> {
  const socket = sockets[channel];
  const port = connection[`${channel}_port`];
  await socket.bind(`${connection.transport}://${connection.ip}:${port}`);
  for await (const frames of socket) {
    const delimiter = frames.findIndex((frame: Buffer) => frame.toString() === '<IDS|MSG>');
    const type: string = JSON.parse(frames[delimiter + 2].toString()).msg_type;
    const heard = Atomics.load(state, HEARD);
    parentPort?.postMessage({ channel, type, frames });
    if (type === 'interrupt_request') await terminateUnlessHeard(heard);
  }
}

async function terminateUnlessHeard(before: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += 20) {
    await sleep(20);
    if (Atomics.load(state, HEARD) !== before) return;
  }
  if (Atomics.load(state, BUSY)) return;
  const session = new Session();
  session.connectToMainThread();
  await session.post('Runtime.terminateExecution');
  session.disconnect();
}
