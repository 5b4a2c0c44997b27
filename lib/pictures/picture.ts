import { display, type Live, type MimeBundle } from '../display.ts';

/**
 * Shows a picture of this folder.
 *
 * @param live draws into this area in place of a new output
 */
export function showPicture(svg: string, live?: Live): void {
  const bundle = pictureBundle(svg);
  if (live) live.show(bundle);
  else display(bundle);
}

/** A picture as Jupyter output; its text is what it says to those who do not see it. */
export function pictureBundle(svg: string): MimeBundle {
  const words = (name: string) => svg.match(new RegExp(`<${name}>(.*?)</${name}>`, 's'))?.[1] ?? '';
  return { 'image/svg+xml': svg, 'text/plain': `[picture] ${words('title')}. ${words('desc')}` };
}
