/** Makes text safe to stand in HTML. */
export function escapeHtml(text: unknown): string {
  return String(text).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The words of some HTML, on one line. */
export function textOf(markup: string): string {
  return markup
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))) // as `escapeHtml` writes it
    .replace(/\s+/g, ' ')
    .trim();
}
