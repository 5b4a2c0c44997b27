/** What the speaker reads: notes, and how long a slide takes. */

/** A slide as it is written. */
export interface Slide {
  heading: string;
  notes: string;
  /** Undefined where the notes do not begin with a time such as `1 min.` or `30 s.` */
  minutes: number | undefined;
}

/** The slides of a deck's text. */
export function readSlides(text: string): Slide[] {
  return text.split(/^---$/m).map((slide) => {
    const [, notes = ''] = slide.match(/<!--\n(.*?)-->/s) ?? [];
    const heading = slide.match(/^(?:# |@title )(.+)$/m)?.[1] ?? '';
    return { heading, notes: notes.trim(), minutes: readMinutes(notes) };
  });
}

/** How long somebody talks who keeps to the times in the notes. */
export const talkMinutes = (text: string): number =>
  readSlides(text).reduce((sum, { minutes }) => sum + (minutes ?? 0), 0);

function readMinutes(notes: string): number | undefined {
  const [, number, unit] = notes.match(/^(\d+) (min|s)\./) ?? [];
  return number ? Number(number) / (unit === 's' ? 60 : 1) : undefined;
}
