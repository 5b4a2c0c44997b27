import { describe, expect, it } from 'vitest';
import { plotBundle } from '../../lib/charts.ts';

describe('a plot', () => {
  it('has its title above it, which is no heading of the notebook', () => {
    const bundle = plotBundle({ title: 'Plain & simple', marks: [] });
    expect(bundle['text/html']).toMatch(/>Plain &amp; simple<\/div>.*<svg/s);
    expect(bundle['text/html']).not.toMatch(/<h\d/);
    expect(bundle['text/plain']).toBe('[chart] Plain & simple');
  });

  it('without a title is an SVG alone', () => {
    expect(plotBundle({ marks: [] })['image/svg+xml']).toMatch(/^<svg/);
  });
});
