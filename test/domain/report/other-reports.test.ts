import assert from 'node:assert/strict';
import { datasetReport } from '../../../src/domain/report/dataset-report.ts';
import { experimentReport } from '../../../src/domain/report/experiment-report.ts';
import { incidentReport, monitoringReport } from '../../../src/domain/report/monitoring-report.ts';
import type { ToldCase } from '../../../src/domain/report/monitoring-report.ts';
import type { Report } from '../../../src/domain/report/report.ts';
import { tallyScores } from '../../../src/domain/rollout/score-tally.ts';
import { datasetMaterial, experimentMaterial, INCIDENT, monitoringMaterial } from '../../pages/report/other-reports.ts';

const answered = ({ answer: { answer, inWords } }: Report): string => `${answer}: ${inWords}`;
const cellsOf = ({ sections }: Report, id: string, column: string): unknown[] => {
  const table = sections.find((section) => section.id === id)!.table!;
  const place = table.columns.findIndex((each) => each.id === column);
  return table.rows.map((row) => row[place]);
};

describe('the report of a dataset version', () => {
  it('is fit while every day is what it was made of, and says how far the labels had matured', () => {
    const report = datasetReport(datasetMaterial());
    assert.equal(answered(report), 'yes: Yes: every day passed its checks and is on record as it was.');
    // 36 hours after the end of a day: the newest day but one has had 18 of them, the newest none.
    assert.deepEqual(cellsOf(report, 'maturity', 'passed').slice(-3), [100, 50, 0]);
    assert.match(report.answer.why.join('\n'), /labels of 8 days had matured by .* of the other 2/);
  });

  for (const [title, change, reason] of [
    ['other content', { digest: 'e'.repeat(64) }, /2001-01-10 has other content now/],
    [
      'a blocked day',
      { verdict: 'blocked', blockedBy: { checkId: 'rows', reason: 'half the rows' } },
      /2001-01-10 is blocked: half/,
    ],
  ] as const)
    it(`is not fit with ${title}`, () => {
      const { partitions } = datasetMaterial();
      const day = { ...partitions.get('2001-01-10')!, ...change };
      const report = datasetReport(datasetMaterial({ partitions: new Map([...partitions, ['2001-01-10', day]]) }));
      assert.equal(answered(report), 'no: No: 1 of its 10 days are not what it was made of.');
      assert.match(report.answer.why.join(), reason);
    });

  it('is not fit with a day that is gone, and not yet with no label matured', () => {
    const { partitions, version } = datasetMaterial();
    const less = new Map([...partitions].slice(1));
    assert.match(datasetReport(datasetMaterial({ partitions: less })).answer.why.join(), /2001-01-08 is not on record/);
    const early = datasetMaterial({ version: { ...version, asOf: '2001-01-08T12:00:00Z' } });
    assert.equal(datasetReport(early).answer.answer, 'not yet');
  });
});

describe('the report of a monitoring period', () => {
  it('is good enough with every alert closed, and not with one open', () => {
    assert.equal(monitoringReport(monitoringMaterial()).answer.answer, 'yes');
    const open = monitoringReport(monitoringMaterial({ incidents: [{ ...INCIDENT, closedAt: null }] }));
    assert.equal(answered(open), 'no: No: 1 objective is broken.');
    assert.match(open.answer.why.join('\n'), /2001-01-12-1 is open: predictions miss/);
  });

  it('is undecided while no label has matured', () => {
    const report = monitoringReport(monitoringMaterial({ days: [], incidents: [] }));
    assert.equal(report.answer.answer, 'not yet');
    assert.deepEqual(
      report.sections.map(({ id }) => id),
      ['alerts'],
    );
  });
});

describe('the report of an incident', () => {
  it('says whether it is over, and what came of it', () => {
    const closed = incidentReport(monitoringMaterial(), INCIDENT);
    assert.equal(answered(closed), 'yes: Yes: it was closed at 2001-01-15T06:00:00Z.');
    assert.match(String(cellsOf(closed, 'alerts', 'end')[0]), /; case incident-2001-01-12-1$/);
    const open = incidentReport(monitoringMaterial(), { ...INCIDENT, closedAt: null, closingReason: null });
    assert.equal(open.answer.answer, 'no');
    assert.deepEqual(cellsOf(open, 'alerts', 'end'), ['still open']);
  });

  it('says what became of its case where people judge it, and by whom', () => {
    const newCase = { caseId: 'incident-2001-01-12-1', inWords: 'all rows of 2001-01-10', role: 'reviewer' };
    const told = (word: ToldCase['word']): string[] => {
      const { facts, answer, sections } = incidentReport(monitoringMaterial(), {
        ...INCIDENT,
        caseId: null,
        newCase: { ...newCase, word },
      });
      assert.ok(sections.length > 0);
      const ofCase = facts.filter(({ label }) => /case|Word/.test(label));
      return [answer.why.at(-1) ?? '', ...ofCase.map(({ label, value }) => `${label}: ${value}`)];
    };
    assert.deepEqual(told(null), [
      'case incident-2001-01-12-1 waits for a word of reviewer',
      'Validation case left behind: incident-2001-01-12-1 waits for a word of reviewer',
      'Proposed case: all rows of 2001-01-10',
    ]);
    const word = {
      verdict: 'declined',
      by: 'ana',
      reason: 'a feed was off',
      channel: 'cli',
      at: '2026-11-26T05:00:00Z',
    } as const;
    assert.deepEqual(told(word).slice(1), [
      'Validation case left behind: incident-2001-01-12-1 declined by ana: a feed was off',
      'Proposed case: all rows of 2001-01-10',
      'Word: by ana, cli, 2026-11-26T05:00:00Z (workflow time)',
    ]);
    const silent = {
      ...word,
      verdict: 'accepted',
      by: null,
      reason: 'nobody answered within 3 days',
      channel: null,
    } as const;
    assert.deepEqual(told(silent).slice(1), [
      'Validation case left behind: incident-2001-01-12-1 accepted without a word: nobody answered within 3 days',
      'Proposed case: all rows of 2001-01-10',
    ]);
  });
});

describe('the report of an experiment', () => {
  it('waits for live units, whatever was hoped for', () => {
    const report = experimentReport(experimentMaterial(null));
    assert.equal(report.answer.answer, 'not yet');
    assert.match(report.answer.why[0] ?? '', /^expected: Late rates/);
    assert.deepEqual(cellsOf(report, 'training', 'iterations'), [20, 40, 60]);
  });

  it('has no answer when it was abandoned, and the answer of its candidate when that is decided', () => {
    assert.match(answered(experimentReport(experimentMaterial(null, { abandoned: 'no labels' }))), /^no: No answer/);
    assert.equal(experimentReport(experimentMaterial(null, { outcome: 'promoted' })).answer.answer, 'yes');
    assert.match(answered(experimentReport(experimentMaterial(null, { outcome: 'rolled_back' }))), /was rolled back/);
  });
});

describe('the tally of scores', () => {
  const request = {
    unit: 'u',
    generation: 1,
    arm: 'stable' as const,
    served: 'stable' as const,
    stable: 0.5,
    candidate: null as number | null,
    stableError: null,
    candidateError: null,
    label: 1 as number | null,
    outcomeKnown: true,
    inputs: {},
  };

  it('counts what was scored and what has a label, by the bin the score lies in', () => {
    const { stable, candidate } = tallyScores([request, { ...request, label: null, candidate: 1 }], [0, 1]);
    assert.deepEqual(stable[10], [2, 1, 5_000, 10_000]);
    assert.deepEqual(candidate[19], [1, 0, 0, 0]);
    assert.equal(
      candidate.reduce((sum, [scored]) => sum + scored, 0),
      1,
    );
  });

  it('takes scores beyond the range into its ends', () => {
    const scores = [-3, -2, 4, 5].map((score) => ({ ...request, stable: score }));
    const { stable } = tallyScores(scores, [-2, 4]);
    assert.deepEqual([stable[0]![0], stable[19]![0]], [2, 2]);
  });
});
