/** The outputs of one cell, put together from the messages of the kernel as a front end does it. */
import type { DataOutput, Output } from './notebook.ts';

/** The displays of a kernel by id: any cell may update what an earlier one has shown. */
export type Displays = Map<string, DataOutput[]>;

export class CellOutputs {
  readonly outputs: Output[] = [];
  #displays: Displays;
  #clearBeforeNext = false;

  constructor(displays: Displays) {
    this.#displays = displays;
  }

  /** @param type - of the message, such as `stream` */
  // biome-ignore lint/suspicious/noExplicitAny: the content of a message depends on its type
  receive(type: string, content: any): void {
    if (type === 'stream') {
      this.#print(content.name, content.text);
    } else if (type === 'display_data' || type === 'execute_result') {
      this.#show(type, content);
    } else if (type === 'update_display_data') {
      const { data, metadata } = content;
      for (const output of this.#displays.get(content.transient?.display_id) ?? []) {
        Object.assign(output, { data, metadata });
      }
    } else if (type === 'error') {
      const { ename, evalue, traceback } = content;
      this.#add({ output_type: 'error', ename, evalue, traceback });
    } else if (type === 'clear_output') {
      if (content.wait) this.#clearBeforeNext = true;
      else this.outputs.length = 0;
    }
  }

  #print(name: 'stdout' | 'stderr', text: string): void {
    const last = this.outputs.at(-1);
    const continues = last?.output_type === 'stream' && last.name === name;
    if (continues && !this.#clearBeforeNext) last.text += text;
    else this.#add({ output_type: 'stream', name, text });
  }

  #show(
    type: DataOutput['output_type'],
    content: Omit<DataOutput, 'output_type'> & { transient?: { display_id?: string } },
  ): void {
    const { data, metadata, execution_count, transient } = content;
    const output: DataOutput = { output_type: type, data, metadata };
    if (type === 'execute_result') output.execution_count = execution_count;
    this.#add(output);
    const id = transient?.display_id;
    if (id) this.#displays.set(id, [...(this.#displays.get(id) ?? []), output]);
  }

  #add(output: Output): void {
    if (this.#clearBeforeNext) this.outputs.length = 0;
    this.#clearBeforeNext = false;
    this.outputs.push(output);
  }
}
