/** The sockets to a kernel, and the signed messages that go over them (Jupyter's wire protocol 5.3). */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { Dealer, Subscriber } from 'zeromq';

// biome-ignore lint/suspicious/noExplicitAny: the content of a message depends on its type
export type Content = any;
export type Channel = 'shell' | 'control';
/** Called with each message that answers a request. */
export type Listener = (from: Channel | 'iopub', type: string, content: Content) => void;

export class Connection {
  #sockets = { shell: new Dealer({ linger: 0 }), control: new Dealer({ linger: 0 }) };
  #iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  #key = randomBytes(16).toString('hex');
  #session = randomUUID();
  #listeners = new Map<string, Listener>();
  /** What the kernel reads from its connection file. */
  readonly settings: Record<string, string | number>;

  static async create(): Promise<Connection> {
    return new Connection(await freePorts(5));
  }

  private constructor([shell, control, iopub, stdin, heartbeat]: number[]) {
    this.settings = {
      transport: 'tcp',
      ip: '127.0.0.1',
      shell_port: shell,
      control_port: control,
      iopub_port: iopub,
      stdin_port: stdin,
      hb_port: heartbeat,
      key: this.#key,
      signature_scheme: 'hmac-sha256',
      kernel_name: 'tslab',
    };
    this.#sockets.shell.connect(`tcp://127.0.0.1:${shell}`);
    this.#sockets.control.connect(`tcp://127.0.0.1:${control}`);
    this.#iopub.connect(`tcp://127.0.0.1:${iopub}`);
    this.#iopub.subscribe();
    void this.#receive('shell', this.#sockets.shell);
    void this.#receive('control', this.#sockets.control);
    void this.#receive('iopub', this.#iopub);
  }

  /** Sends a request. The listener also gets what arrives after the reply. */
  async send(
    type: string,
    content: object,
    { channel = 'shell', listener }: { channel?: Channel; listener?: Listener } = {},
  ): Promise<void> {
    const id = randomUUID();
    if (listener) this.#listeners.set(id, listener);
    const header = {
      msg_id: id,
      session: this.#session,
      username: 'workshop',
      date: new Date().toISOString(),
      msg_type: type,
      version: '5.3',
    };
    const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
    const signature = createHmac('sha256', this.#key);
    for (const part of parts) signature.update(part);
    await this.#sockets[channel].send([DELIMITER, signature.digest('hex'), ...parts]);
  }

  close(): void {
    for (const socket of [this.#sockets.shell, this.#sockets.control, this.#iopub]) socket.close();
  }

  async #receive(from: Channel | 'iopub', socket: Dealer | Subscriber): Promise<void> {
    for await (const frames of socket) {
      const start = frames.findIndex((frame) => frame.toString() === DELIMITER) + 2;
      const [header, parent, , content] = frames
        .slice(start)
        .map((frame) => JSON.parse(frame.toString()));
      this.#listeners.get(parent.msg_id)?.(from, header.msg_type, content);
    }
  }
}

const DELIMITER = '<IDS|MSG>';

// All are open at the same time, so that they differ.
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

function listen(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
