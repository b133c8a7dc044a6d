/** A film of a terminal as one SVG that moves by its style sheet alone: frames lie side by side and pass by a window. */
import type { Film, Row } from './frames.ts';

const CELL = { width: 8, height: 17 } as const;
const MARGIN = 14;
const STYLE = `text{font:13.3px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d7dbe0;white-space:pre}
.b{font-weight:700;fill:#fff}.d{fill:#7d8590}.c1{fill:#ff7b72}.c2{fill:#56d364}.c3{fill:#e3b341}.c4{fill:#79c0ff}.c5{fill:#d2a8ff}.c6{fill:#39c5cf}`;

/**
 * @param seconds How long the film lasts; it begins again after it
 * @param restSeconds How long its last frame stands
 */
export function filmSvg(film: Film, title: string, seconds: number, restSeconds: number): string {
  const width = film.columns * CELL.width + 2 * MARGIN;
  const height = film.rows * CELL.height + 2 * MARGIN;
  const rows = new Map<string, number>();
  const frames = film.frames.map((frame, index) => {
    const uses = frame.rows.flatMap((row, line) => {
      if (row.length === 0) return [];
      const drawn = drawnRow(row);
      const id = rows.get(drawn) ?? rows.size;
      rows.set(drawn, id);
      return [`<use href="#r${id}" y="${line * CELL.height}"/>`];
    });
    return `<g transform="translate(${index * width})">${uses.join('')}</g>`;
  });
  const defs = [...rows].map(([drawn, id]) => `<g id="r${id}">${drawn}</g>`);
  const last = film.frames.length - 1;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}`,
    `#film{animation:film ${(seconds + restSeconds).toFixed(1)}s steps(1,end) infinite}`,
    `@keyframes film{${keyframes(film, width, seconds, restSeconds)}}`,
    `@media(prefers-reduced-motion:reduce){#film{animation:none;transform:translateX(${-last * width}px)}}</style>`,
    `<defs>${defs.join('\n')}</defs>`,
    `<rect width="100%" height="100%" rx="8" fill="#0d1117"/>`,
    `<svg x="${MARGIN}" y="${MARGIN}" width="${width - 2 * MARGIN}" height="${height - 2 * MARGIN}"><g id="film">`,
    ...frames,
    '</g></svg></svg>',
    '',
  ].join('\n');
}

function keyframes(film: Film, width: number, seconds: number, restSeconds: number): string {
  const first = film.frames[0]?.at ?? 0;
  const span = Math.max((film.frames.at(-1)?.at ?? 0) - first, Number.EPSILON);
  const share = seconds / (seconds + restSeconds);
  return film.frames
    .map(
      ({ at }, index) =>
        `${(((at - first) / span) * share * 100).toFixed(2)}%{transform:translateX(${-index * width}px)}`,
    )
    .join('');
}

/** Each run has its place and its length, so that columns stand whatever the font. */
function drawnRow(row: Row): string {
  return row
    .map(({ column, text, style }) => {
      const kind = style === '' ? '' : ` class="${style}"`;
      const long = [...text].length * CELL.width;
      return `<text x="${column * CELL.width}" y="13" textLength="${long}"${kind}>${escaped(text)}</text>`;
    })
    .join('');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
