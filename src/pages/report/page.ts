/**
 * A report as one HTML file that needs nothing else: no network, no script. Drawing is somebody else's; what is drawn and everything
 * that is said comes from the report alone, so that the same report gives the same bytes.
 */
import type { Basis, Layer, Plot, Report, Section, Table, Tone } from '../../domain/report/report.ts';
import { reportDigest } from '../../domain/report/report-digest.ts';
import { cellText, instantText, proseText } from './cell-text.ts';
import { CHART_WIDTHS, chartSpec, TONE_DASHES, toneColor } from './chart-spec.ts';
import type { ChartSize } from './chart-spec.ts';
import { PAGE_STYLE } from './style.ts';

export interface Drawing {
  /** One Vega-Lite specification as an SVG element. */
  draw(specification: object): Promise<string>;
}

/** Also sent as a header where the page is served. */
export const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const SIZES = Object.keys(CHART_WIDTHS) as ChartSize[];
/** Tables of so many rows are open at once. */
const OPEN_ROWS_MAX = 8;
/** Text cells that are sentences. */
const LONG_TEXT = 40;
const STACKED_COLUMNS_MIN = 8;
const WHOLE_DIGEST = /^[0-9a-f]{64}$/;

/** @throws REPORT_NOT_DRAWN, as the drawing does */
export async function reportPage(report: Report, drawing: Drawing): Promise<string> {
  const parts: string[] = [];
  for (const section of report.sections) parts.push(await sectionHtml(section, drawing));
  const { title, kind, model, answer } = report;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${escaped(PAGE_POLICY)}">`,
    `<meta name="description" content="${prose(answer.inWords)}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${PAGE_STYLE}</style>`,
    '</head>',
    '<body>',
    '<a class="skip" href="#answer">To the answer</a>',
    `<header><p class="kind">Holdfast · page of evidence · ${escaped(kind)} of ${escaped(model)}</p><h1>${escaped(title)}</h1></header>`,
    '<main>',
    answerHtml(report),
    factsHtml(report),
    contentsHtml(report),
    ...parts,
    '</main>',
    `<footer><p>Every number on this page stands in its document, which has digest <code>${reportDigest(report)}</code>. Times are event times in UTC. The page loads nothing and runs nothing.</p></footer>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

const MARKS = {
  yes: { mark: '✓', style: 'yes' },
  no: { mark: '✕', style: 'no' },
  'not yet': { mark: '…', style: 'wait' },
} as const;

function answerHtml({ answer }: Report): string {
  const { mark, style } = MARKS[answer.answer];
  const why = answer.why.map((line) => `<li>${prose(line)}</li>`).join('');
  return [
    `<section id="answer" class="answer ${style}" aria-labelledby="answer-title">`,
    `<h2 id="answer-title">${escaped(answer.question)}</h2>`,
    `<p class="verdict"><span class="mark" aria-hidden="true">${mark}</span> ${prose(answer.inWords)}</p>`,
    why === '' ? '' : `<ul>${why}</ul>`,
    '</section>',
  ].join('\n');
}

function factsHtml({ facts }: Report): string {
  const items = facts.map(({ label, value }) => `<div><dt>${escaped(label)}</dt><dd>${prose(value)}</dd></div>`);
  return `<dl class="facts">${items.join('')}</dl>`;
}

function contentsHtml({ sections }: Report): string {
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${escaped(title)}</a></li>`);
  return `<nav aria-label="Contents"><ul>${links.join('')}</ul></nav>`;
}

async function sectionHtml(section: Section, drawing: Drawing): Promise<string> {
  const { id, title, words, basis, table, plot, commands = [] } = section;
  return [
    `<section id="${id}" class="part" aria-labelledby="${id}-title">`,
    `<h2 id="${id}-title">${escaped(title)}</h2>`,
    words.length === 0 ? '' : `<p>${words.map(prose).join(' ')}</p>`,
    plot === null ? '' : await figureHtml(section, plot, drawing),
    basis === null ? '' : `<p class="basis">${basisText(basis)}</p>`,
    table === null ? '' : tableHtml(section, table),
    commands.length === 0 ? '' : `<pre>${commands.map(escaped).join('\n')}</pre>`,
    '</section>',
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function basisText({ unit, n, timeZone, through }: Basis): string {
  const counted = n === null ? `unit: ${escaped(unit)}` : `n = ${n.toLocaleString('en')}, unit: ${escaped(unit)}`;
  const until = through === null ? '' : `; data through ${instantText(through)}`;
  return `${counted}; times in ${timeZone}${until}`;
}

async function figureHtml(section: Section, plot: Plot, drawing: Drawing): Promise<string> {
  const charts: string[] = [];
  for (const size of SIZES) {
    const spec = chartSpec(section, size);
    if (spec === null) return '';
    const shape = plot.kind === 'calibration' ? ' square' : '';
    const svg = bare(await drawing.draw(spec), `${section.id}-${size}`);
    charts.push(`<div class="chart ${size}${shape}" role="img" aria-label="${escaped(plot.summary)}">${svg}</div>`);
  }
  return `<figure>${legendHtml(plot)}${charts.join('')}</figure>`;
}

/** Its own names for what it refers to, the width of its place, and no part that asks to be read: the figure has a text of its own. */
function bare(svg: string, prefix: string): string {
  const names = [...svg.matchAll(/\bid="([^"]+)"/g)].map(([, name]) => name!);
  // The renderer counts on from drawing to drawing; here every drawing begins anew.
  return svg
    .replaceAll(/ (?:role|aria-[a-z]+)="[^"]*"/g, '')
    .replaceAll(
      /(\bid="|url\(#)([^")]+)/g,
      (_, before: string, name: string) => `${before}${prefix}-${names.indexOf(name)}`,
    )
    .replace(
      /<svg[^>]*?(viewBox="[^"]*")[^>]*>/,
      '<svg xmlns="http://www.w3.org/2000/svg" $1 aria-hidden="true" focusable="false">',
    );
}

interface Key {
  readonly name: string;
  readonly tone: Tone;
  readonly dashes: readonly number[];
  readonly isBand: boolean;
}

function legendHtml(plot: Plot): string {
  const items = keysOf(plot).map(({ name, tone, dashes, isBand }) => {
    const color = toneColor(tone);
    const sample = isBand
      ? `<rect width="26" height="10" y="1" fill="${color}" opacity="0.3"/>`
      : `<line x2="26" y1="6" y2="6" stroke="${color}" stroke-width="3" stroke-dasharray="${dashes.join(' ')}"/>`;
    return `<li><svg width="26" height="12" viewBox="0 0 26 12" aria-hidden="true" focusable="false">${sample}</svg>${escaped(name)}</li>`;
  });
  return items.length === 0 ? '' : `<ul class="legend">${items.join('')}</ul>`;
}

const SOLID: readonly number[] = [1, 0];

function keysOf(plot: Plot): Key[] {
  switch (plot.kind) {
    case 'course':
      return plot.layers.map(layerKey);
    case 'intervals':
      return [
        ...plot.tones.map(({ name, tone }) => ({ name, tone, dashes: SOLID, isBand: true })),
        ...plot.limits.map(({ name, tone }) => ({ name, tone, dashes: SOLID, isBand: false })),
      ];
    case 'calibration':
      return [
        ...plot.arms.map(({ name, tone }) => ({ name, tone, dashes: TONE_DASHES[tone], isBand: false })),
        { name: 'as predicted', tone: 'neutral', dashes: [1, 3], isBand: false },
      ];
    default:
      return plot satisfies never;
  }
}

function layerKey(layer: Layer): Key {
  const { name, tone, mark } = layer;
  const isDashed = mark === 'line' && layer.dashed;
  return { name, tone, dashes: isDashed ? TONE_DASHES[tone] : SOLID, isBand: mark !== 'line' };
}

function tableHtml({ id, title, plot }: Section, table: Table): string {
  const { caption, columns, rows, of } = table;
  const part = of !== undefined && of > rows.length ? `; ${rows.length} of ${of.toLocaleString('en')} shown` : '';
  const heads = columns.map(
    ({ kind, title: head }) =>
      `<th scope="col" role="columnheader"${kind === 'number' ? ' class="num"' : ''}>${escaped(head)}</th>`,
  );
  const lines = rows.map((row) => {
    const cells = columns.map((column, index) => {
      const shown = cellText(column, row[index] ?? null);
      return `<td role="cell" data-head="${escaped(column.title)}" class="${cellClass(column.kind, shown)}">${escaped(shown)}</td>`;
    });
    return `<tr role="row">${cells.join('')}</tr>`;
  });
  const stacks = isStacked(table) ? ' class="stacks"' : '';
  // Said again as roles: as blocks on a telephone these would be no table to a screen reader.
  const inner = `<table id="${id}-table"${stacks} role="table"><caption><span>${prose(caption)}${part}</span></caption><thead role="rowgroup"><tr role="row">${heads.join('')}</tr></thead><tbody role="rowgroup">${lines.join('')}</tbody></table>`;
  const scroll = `<div class="scroll" role="group" aria-label="${escaped(`${title}: ${caption}`)}" tabindex="0">${inner}</div>`;
  if (plot === null) return scroll;
  const open = rows.length <= OPEN_ROWS_MAX ? ' open' : '';
  return `<details${open}><summary>The numbers of this plot</summary>${scroll}</details>`;
}

/** Whether a telephone shows it row by row, one cell a line: sentences, or few rows of many columns. */
function isStacked({ columns, rows }: Table): boolean {
  const hasSentences = rows.some((row) =>
    columns.some((column, index) => column.kind === 'text' && cellText(column, row[index] ?? null).length > LONG_TEXT),
  );
  return hasSentences || (columns.length >= STACKED_COLUMNS_MIN && rows.length <= OPEN_ROWS_MAX);
}

function cellClass(kind: Table['columns'][number]['kind'], shown: string): string {
  if (kind === 'number') return 'num';
  if (kind === 'text' && WHOLE_DIGEST.test(shown)) return 'whole-digest';
  return kind === 'text' && shown.length > LONG_TEXT ? 'text long' : kind;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text of people and files, as text. */
const escaped = (content: string): string => content.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);

/** The same with times as people read them. */
const prose = (content: string): string => escaped(proseText(content));
