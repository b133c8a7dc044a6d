/** A page about a dataset version: which days it is made of, what their checks said, and how far their labels had matured. */
import { grouped } from '../aligned-table.ts';
import { DAY_MS, epochMs, lengthInWords } from '../time.ts';
import { digest, instant, number, text } from './report.ts';
import type { Basis, Report, Section } from './report.ts';

export interface DatasetMaterial {
  readonly model: string;
  readonly version: {
    readonly digest: string;
    readonly partitions: ReadonlyArray<{ readonly day: string; readonly digest: string }>;
    readonly asOf: string;
    readonly rows: number;
    readonly features: readonly string[];
    readonly label: string;
  };
  /** As they are on record now, by day. */
  readonly partitions: ReadonlyMap<string, LandedPartition>;
  /** From the end of a day until its labels count, milliseconds. */
  readonly maturityMs: number;
  readonly unit: string;
  /** What was trained on it. */
  readonly bundles: ReadonlyArray<{ readonly bundle: string; readonly idea: string }>;
}

export interface LandedPartition {
  readonly verdict: 'accepted' | 'blocked';
  readonly rows: number;
  readonly accepted: number;
  readonly quarantined: ReadonlyArray<{ readonly checkId: string; readonly rows: number }>;
  readonly blockedBy: { readonly checkId: string; readonly reason: string } | null;
  readonly digest: string;
  readonly landedAt: string;
}

interface Day {
  readonly day: string;
  readonly digest: string;
  /** Null where nothing of the day is on record any more. */
  readonly landed: LandedPartition | null;
  /** Part of the time its labels need that had passed at the as-of time, 0 to 1. */
  readonly matured: number;
}

const DIGEST_SHOWN = 12;
const PERCENT = 100;

export function datasetReport(material: DatasetMaterial): Report {
  const { version, model, unit, maturityMs } = material;
  const days = version.partitions.map((partition) => dayOf(material, partition));
  return {
    format: 1,
    kind: 'dataset',
    model,
    subject: `dataset/${model}/${version.digest}`,
    title: `Dataset version ${version.digest.slice(0, DIGEST_SHOWN)} of ${model}`,
    answer: answerOf(material, days),
    facts: [
      { label: 'Digest', value: version.digest },
      { label: 'As of', value: version.asOf },
      { label: 'Rows with a label', value: grouped(version.rows) },
      { label: 'Days', value: `${days.length}, from ${days[0]?.day ?? 'none'} to ${days.at(-1)?.day ?? 'none'}` },
      { label: 'Label', value: version.label },
      { label: 'Features', value: version.features.join(', ') },
      { label: 'Labels mature', value: `${lengthInWords(maturityMs)} after the end of a day` },
      { label: 'One row', value: unit },
    ],
    sections: [
      partitionsSection(material, days),
      maturitySection(material, days),
      quarantineSection(material, days),
      lineageSection(material),
    ],
  };
}

function dayOf(
  { version, partitions, maturityMs }: DatasetMaterial,
  { day, digest: name }: DatasetMaterial['version']['partitions'][number],
): Day {
  const passed = epochMs(version.asOf) - epochMs(day) - DAY_MS;
  const matured = maturityMs === 0 ? (passed >= 0 ? 1 : 0) : Math.min(1, Math.max(0, passed / maturityMs));
  return { day, digest: name, landed: partitions.get(day) ?? null, matured };
}

function answerOf({ version }: DatasetMaterial, days: readonly Day[]): Report['answer'] {
  const question = 'Is it fit to train on?';
  const gone = days.filter(({ landed }) => landed === null);
  const changed = days.filter(({ landed, digest: name }) => landed !== null && landed.digest !== name);
  const blocked = days.filter(({ landed }) => landed?.verdict === 'blocked');
  const faults = [
    ...gone.map(({ day }) => `${day} is not on record any more`),
    ...changed.map(({ day }) => `${day} has other content now than when the version was made`),
    ...blocked.map(({ day, landed }) => `${day} is blocked: ${landed?.blockedBy?.reason ?? 'by a check'}`),
  ];
  if (faults.length > 0)
    return {
      question,
      answer: 'no',
      inWords: `No: ${faults.length} of its ${days.length} days are not what it was made of.`,
      why: faults,
    };
  const ripe = days.filter(({ matured }) => matured === 1).length;
  const why = [
    `${grouped(version.rows)} labelled rows of ${days.length} days; every day was accepted and is what it was`,
    ripe === days.length
      ? `the labels of every day had matured by ${version.asOf}`
      : `the labels of ${ripe} days had matured by ${version.asOf}; of the other ${days.length - ripe} the version has the labels that had arrived`,
    `${grouped(quarantinedOf(days))} rows are set aside by checks and are no part of it`,
  ];
  if (version.rows === 0) return { question, answer: 'no', inWords: 'No: it has no labelled row.', why };
  if (ripe === 0)
    return { question, answer: 'not yet', inWords: 'Not yet: the labels of none of its days have matured.', why };
  return { question, answer: 'yes', inWords: 'Yes: every day passed its checks and is on record as it was.', why };
}

const quarantinedOf = (days: readonly Day[]): number =>
  days.reduce((sum, { landed }) => sum + (landed?.quarantined ?? []).reduce((total, { rows }) => total + rows, 0), 0);

const basisOf = ({ version, unit }: DatasetMaterial, n: number): Basis => ({
  unit: `row (${unit})`,
  n,
  timeZone: 'UTC',
  through: version.asOf,
});

const line = (y: string, tone: 'neutral' | 'candidate', name: string) =>
  ({ mark: 'line', y, tone, name, shape: 'straight', dashed: tone === 'neutral', points: true }) as const;

function partitionsSection(material: DatasetMaterial, days: readonly Day[]): Section {
  const rows = days.reduce((sum, { landed }) => sum + (landed?.rows ?? 0), 0);
  const accepted = days.reduce((sum, { landed }) => sum + (landed?.accepted ?? 0), 0);
  return {
    id: 'partitions',
    title: 'Partitions',
    words: [`Of ${grouped(rows)} rows that landed, ${grouped(accepted)} passed every check.`],
    basis: basisOf(material, rows),
    plot: {
      kind: 'course',
      over: 'time',
      summary: `Rows landed and rows that passed every check, day by day: ${grouped(rows)} and ${grouped(accepted)} in all.`,
      x: { column: 'day', title: 'event day, UTC' },
      y: { title: 'rows' },
      zero: true,
      cut: null,
      moments: [],
      // Dashes above: where both lie on one another, both are seen.
      layers: [line('accepted', 'candidate', 'passed every check'), line('rows', 'neutral', 'landed')],
    },
    table: {
      caption: 'Days of the version',
      columns: [
        instant('day', 'Day'),
        number('rows', 'Rows landed'),
        number('accepted', 'Passed'),
        text('verdict', 'Verdict'),
        instant('landedAt', 'Landed at'),
        digest('digest', 'Digest'),
      ],
      rows: days.map(({ day, landed, digest: name }) => [
        day,
        landed?.rows ?? null,
        landed?.accepted ?? null,
        landed?.verdict ?? 'not on record',
        landed?.landedAt ?? null,
        name,
      ]),
    },
  };
}

function maturitySection(material: DatasetMaterial, days: readonly Day[]): Section {
  const ripe = days.filter(({ matured }) => matured === 1).length;
  return {
    id: 'maturity',
    title: 'Maturity of the labels',
    words: [`At the as-of time the labels of ${ripe} of ${days.length} days had matured.`],
    basis: basisOf(material, material.version.rows),
    plot: {
      kind: 'course',
      over: 'time',
      summary: `Part of the time that labels need which had passed at the as-of time, by day; complete for ${ripe} of ${days.length} days.`,
      x: { column: 'day', title: 'event day, UTC' },
      y: { title: 'time for labels passed, %' },
      zero: true,
      cut: null,
      moments: [],
      layers: [line('passed', 'candidate', 'time for labels passed')],
    },
    table: {
      caption: 'Time for labels that had passed, by day',
      columns: [instant('day', 'Day'), number('passed', 'Passed, %', 1), text('labels', 'Labels')],
      rows: days.map(({ day, matured }) => [day, PERCENT * matured, matured === 1 ? 'matured' : 'still arriving']),
    },
  };
}

function quarantineSection(material: DatasetMaterial, days: readonly Day[]): Section {
  const byCheck = new Map<string, { rows: number; days: number }>();
  for (const { landed } of days)
    for (const { checkId, rows } of landed?.quarantined ?? []) {
      const known = byCheck.get(checkId) ?? { rows: 0, days: 0 };
      byCheck.set(checkId, { rows: known.rows + rows, days: known.days + 1 });
    }
  const found = [...byCheck].sort(([, a], [, b]) => b.rows - a.rows);
  return {
    id: 'quality',
    title: 'Quality verdicts',
    words: [
      found.length === 0
        ? 'No check set a row of these days aside.'
        : `${grouped(quarantinedOf(days))} rows are set aside, most of them by ${found[0]![0]}.`,
    ],
    basis: basisOf(material, quarantinedOf(days)),
    plot: null,
    table: {
      caption: 'Rows set aside, by check',
      columns: [text('check', 'Check'), number('rows', 'Rows'), number('days', 'Days')],
      rows: found.map(([check, { rows, days: count }]) => [check, rows, count]),
    },
  };
}

function lineageSection({ model, version, bundles }: DatasetMaterial): Section {
  return {
    id: 'lineage',
    title: 'What was made of it',
    words: [
      bundles.length === 0
        ? 'No bundle on record was trained on it.'
        : `${bundles.length} ${bundles.length === 1 ? 'bundle was' : 'bundles were'} trained on it.`,
    ],
    basis: null,
    plot: null,
    table: {
      caption: 'Bundles trained on this version',
      columns: [text('bundle', 'Bundle'), text('idea', 'Idea')],
      rows: bundles.map(({ bundle, idea }) => [bundle, idea]),
    },
    commands: [`npx holdfast report dataset/${model}/${version.digest} --json`],
  };
}
