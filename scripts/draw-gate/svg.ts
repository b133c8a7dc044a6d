/** Small, self-contained pictures that read as well on a dark page as on a light one. */
export function tag(name: string, attributes: Record<string, string | number>, text = ''): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? Number(value.toFixed(1)) : value}"`,
  );
  return `<${name}${written.join('')}>${text}</${name}>`;
}

/** Okabe and Ito's colours, told apart by colour-blind readers and legible on white and on near-black. */
export const COLORS = {
  blue: '#1f83c4',
  orange: '#d98e00',
  green: '#00966b',
  red: '#d55e00',
  pink: '#c2699a',
  sky: '#4aa3d8',
  grey: '#8a8a8a',
} as const;

/** `paper`, `ink`, `grid` and `limit` follow the reader's scheme; series keep their colour. */
const STYLE = `<style>
.paper{fill:#fff}text{fill:#222}.grid{stroke:#e3e3e3}.limit{stroke:#555}.limit-text{fill:#555}
@media (prefers-color-scheme: dark){.paper{fill:#161b22}text{fill:#d8dee6}.grid{stroke:#30363d}.limit{stroke:#a5adb8}.limit-text{fill:#a5adb8}}
</style>`;

export function picture(o: { width: number; height: number; title: string; body: readonly string[] }): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${o.width} ${o.height}" font-family="sans-serif" font-size="12" role="img" aria-label="${o.title}">`;
  const paper = tag('rect', { class: 'paper', width: o.width, height: o.height });
  return `${[head, STYLE, paper, ...o.body].join('\n')}\n</svg>\n`;
}

/** Words beside a vertical axis. */
export function sideways(x: number, y: number, text: string): string {
  return tag('text', { transform: `rotate(-90 ${x} ${y})`, x, y, 'text-anchor': 'middle' }, text);
}
