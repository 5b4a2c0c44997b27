/** What is fetched, and what came of it. */

/** Gives what is there now, for people; or throws with what to do. */
export interface Step {
  title: string;
  run(report: (line: string) => void): Provision | Promise<Provision>;
}

export interface Provision {
  text: string;
  /** On disk. */
  bytes?: number;
  /** There is nothing, and it is not needed here. */
  isLeftOut?: boolean;
}
