import assert from 'node:assert/strict';
import fc from 'fast-check';
import type {
  ProposedCaseRecord,
  ApprovalRequestRecord,
  CandidateRecord,
  DecisionRecord,
} from '../../src/contracts/records.ts';
import { approveCommand, cut, liveNews, liveScreen } from '../../src/pages/live.ts';
import type { LiveView, Paint } from '../../src/pages/live.ts';

const plain = (text: string): string => text;
const PLAIN: Paint = { heading: plain, good: plain, bad: plain, urgent: plain, faint: plain };
const painted = (text: string): string => `\u001b[1m${text}\u001b[22m`;
const PAINTED: Paint = { heading: painted, good: painted, bad: painted, urgent: painted, faint: painted };

const CANDIDATE: CandidateRecord = {
  bundle: 'c'.repeat(64),
  idea: 'fresh-features',
  attempt: 1,
  claim: 'improve',
  priority: 'idea',
  outcome: 'in_progress',
  rolloutId: 'rollout/flight-delay/cccccccc-1',
  step: 'canary',
  reason: null,
  exposureHistory: [
    { exposure: 0, mode: 'shadow', eventTime: '2001-01-29T09:00:00Z', decisionId: 'a', evidenceDigest: null },
    { exposure: 0.25, mode: 'canary', eventTime: '2001-02-05T00:00:00Z', decisionId: 'b', evidenceDigest: null },
  ],
  readyAt: '2001-01-29T06:00:00Z',
  decidedAt: null,
};

const DECISION: DecisionRecord = {
  decisionId: 'rollout/flight-delay/cccccccc-1/shadow/30',
  rolloutId: 'rollout/flight-delay/cccccccc-1',
  run: 'shadow',
  step: 'shadow',
  cohort: 30,
  eventTime: '2001-02-01T21:00:00Z',
  verdict: 'advance',
  reasons: [],
  candidate: CANDIDATE.bundle,
  stable: 'a'.repeat(64),
  policyDigest: 'd'.repeat(64),
  evidenceDigest: 'e'.repeat(64),
  look: null,
  batchesDigest: null,
  watermark: null,
  basis: null,
  approvals: [],
  inWords: 'certified: the loss differs by -5.3 per 1,000',
};

const REQUEST: ApprovalRequestRecord = {
  rolloutId: 'rollout/flight-delay/cccccccc-1',
  step: 4,
  candidate: CANDIDATE.bundle,
  idea: 'fresh-features',
  evidenceDigest: 'e'.repeat(64),
  roles: ['approver'],
  quorum: 1,
  approvals: [],
  since: '2001-02-06T03:00:00Z',
  open: true,
};

const PROPOSED: ProposedCaseRecord = {
  suiteCase: {
    id: 'incident-2001-02-05-1',
    origin: 'incident',
    incidentId: 'incident/flight-delay/2001-02-05-1',
    where: 'true',
    days: { from: '2001-02-05', to: '2001-02-05' },
    lastDays: null,
    maxRegressionPerThousand: 10,
    minUnits: 200,
    reason: 'served with features 3 h old',
    since: '2001-02-06T00:00:00Z',
  },
  role: 'operator',
  within: 'P3D',
  word: null,
};

const VIEW: LiveView = {
  model: 'flight-delay',
  title: 'Will it be late?',
  eventTime: '2001-02-06T03:15:00Z',
  untilDay: '2001-03-12',
  predictions: 123_456,
  outcomes: 98_765,
  perSecond: 2345.6,
  waitingFor: [],
  trouble: null,
  drill: null,
  ended: false,
  uiUrl: 'http://127.0.0.1:8233',
  steps: [
    { mode: 'offline' },
    { mode: 'shadow', minSpan: 'P3D', minUnits: 5000, deadline: 'P6D' },
    { mode: 'canary', exposure: 0.05, minSpan: 'PT12H', minUnits: 50, deadline: 'P7D' },
    { mode: 'canary', exposure: 0.25, minSpan: 'P1D', minUnits: 1000, deadline: 'P7D' },
    { mode: 'full', watch: 'PT0S', holdback: 0 },
  ],
  stable: { bundle: 'a'.repeat(64), idea: 'first-model', since: '2001-02-04T00:00:00Z', rolloutId: 'r' },
  candidate: CANDIDATE,
  queued: ['weekly-retrain 1'],
  stages: [
    {
      workflowId: 'collection/flight-delay',
      stage: 'collection',
      inWords: 'every complete day before 2001-02-05 has landed',
      waitingFor: '2001-02-05, complete at 2001-02-06T12:00:00Z',
      since: '2001-02-05T12:00:00Z',
    },
  ],
  decisions: [DECISION],
  incidents: [],
  performance: null,
  requests: [REQUEST],
  proposedCases: [],
  decided: null,
  scoreboard: null,
  keys: null,
};

describe('the live view', () => {
  it('says on one screen what serves, how far the candidate is, and what a person can do', () => {
    assert.deepEqual(liveScreen(VIEW, 110, PLAIN), [
      'Holdfast — flight-delay: Will it be late?',
      'Event time       2001-02-06T03:15:00Z (until 2001-03-12)',
      'Traffic          123,456 predictions, 2346 a second; 98,765 outcomes',
      '',
      'Stable           first-model aaaaaaaa since 2001-02-04T00:00:00Z',
      'Candidate        fresh-features cccccccc',
      'Exposure         [#####...............] 25 %   offline  shadow  5 %  >25 %  full',
      'In the queue     weekly-retrain 1',
      '',
      'Collection       every complete day before 2001-02-05 has landed; waits for 2001-02-05, complete at 2001-02-0…',
      '',
      'Last decisions',
      '  2001-02-01T21:00:00Z  advance (shadow): certified: the loss differs by -5.3 per 1,000',
      '',
      'A person is needed',
      '  fresh-features waits for approval by approver since 2001-02-06T03:00:00Z:',
      '  npx holdfast approve rollout/flight-delay/cccccccc-1 --evidence eeeeeeeeeeeeeeee --as NAME --reason "…"',
      '',
      'Web UI http://127.0.0.1:8233 — Ctrl-C stops everything, npm start goes on from here',
    ]);
  });

  it('says what the watcher has broken and which key heals it, wrapped at words', () => {
    const troubles = [{ kind: 'worker' as const, since: '2001-02-06T00:00:00Z', healedAt: null }];
    const lines = liveScreen({ ...VIEW, keys: { troubles, slice: 'newark' } }, 80, PLAIN);
    assert.deepEqual(lines.slice(3, 6), [
      'Broken           the worker was killed at 02-06 00:00; traffic goes on by the',
      '                 last split, nothing is decided until it is back',
      '',
    ]);
    assert.equal(lines.at(-1), 'Keys break and heal: l labels · e candidate · [w worker] · f features · s newark');
  });

  it('keeps what a person has to do and its foot where a terminal is too low for all of it', () => {
    const view = { ...VIEW, keys: { troubles: [], slice: null } };
    const whole = liveScreen(view, 110, PLAIN);
    for (let rows = 10; rows <= whole.length; rows += 1) {
      const low = liveScreen(view, 110, PLAIN, rows);
      assert.ok(low.length <= rows);
      assert.deepEqual(low.slice(-2), whole.slice(-2));
      assert.equal(low[0], whole[0]);
      assert.ok(
        low.some((line) => line.includes('npx holdfast approve')),
        low.join('\n'),
      );
    }
    assert.equal(liveScreen(view, 110, PLAIN, whole.length - 1).includes('Last decisions'), false);
  });

  it('never writes beyond the width of the terminal, colours or not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 140 }), fc.boolean(), (columns, colours) => {
        for (const line of liveScreen(VIEW, columns, colours ? PAINTED : PLAIN)) {
          // oxlint-disable-next-line no-control-regex
          assert.ok(line.replaceAll(/\u001b\[[0-9;]*m/g, '').length <= columns, line);
        }
      }),
    );
  });

  it('keeps whole what is exactly as wide as the terminal, also where its colour ends behind it', () => {
    for (const line of ['12345', '\u001b[31m12345\u001b[39m', '1\u001b[31m2345\u001b[39m']) {
      assert.equal(cut(line, 5), line);
      assert.ok(cut(line, 4).includes('…'));
    }
  });

  it('breaks a command that does not fit as a shell takes it', () => {
    const lines = liveScreen(VIEW, 70, PLAIN);
    const from = lines.findIndex((line) => line.includes('npx holdfast'));
    assert.deepEqual(lines.slice(from, from + 2), [
      '  npx holdfast approve rollout/flight-delay/cccccccc-1 \\',
      '    --evidence eeeeeeeeeeeeeeee --as NAME --reason "…"',
    ]);
    assert.deepEqual(
      liveScreen(VIEW, 40, PLAIN).filter((line) => line.startsWith('    --')),
      ['    --evidence eeeeeeeeeeeeeeee \\', '    --as NAME --reason "…"'],
    );
  });

  it('shows the least exposure as something', () => {
    const low = {
      ...CANDIDATE,
      exposureHistory: [{ ...CANDIDATE.exposureHistory[0]!, exposure: 0.001, mode: 'canary' }],
    };
    const bar = liveScreen({ ...VIEW, candidate: low }, 110, PLAIN).find((line) => line.startsWith('Exposure'));
    assert.match(bar ?? '', /\[#\.{19}\] 0\.1 %/);
  });

  it('tells a log what has changed, and nothing else', () => {
    assert.deepEqual(liveNews(VIEW, VIEW), []);
    assert.deepEqual(liveNews(VIEW, { ...VIEW, predictions: 999, perSecond: 1 }), []);
    const stable = { ...VIEW.stable!, bundle: 'b'.repeat(64), idea: 'fresh-features' };
    const later = { ...VIEW, eventTime: '2001-02-07T00:00:00Z', stable, candidate: null, requests: [], ended: true };
    assert.deepEqual(liveNews(VIEW, later), [
      '2001-02-07T00:00:00Z  2001-02-07 begins: 123,456 predictions, 98,765 outcomes so far',
      '2001-02-07T00:00:00Z  stable is fresh-features bbbbbbbb from 2001-02-04T00:00:00Z',
      '2001-02-07T00:00:00Z  end of the data: no more traffic, everything goes on serving',
    ]);
  });

  it('tells a log the command that answers a request', () => {
    const news = liveNews({ ...VIEW, requests: [] }, VIEW);
    assert.deepEqual(news, [`${VIEW.eventTime ?? ''}  needs a person: ${approveCommand(REQUEST)}`]);
  });

  it('shows a case that waits for a word, and tells a log of it once, with the command that takes it', () => {
    const view = { ...VIEW, requests: [], proposedCases: [PROPOSED] };
    const accept = 'npx holdfast case accept incident/flight-delay/2001-02-05-1 --as NAME --reason "…"';
    const screen = liveScreen(view, 110, PLAIN);
    const from = screen.indexOf('A person is needed');
    assert.deepEqual(screen.slice(from + 1, from + 3), [
      '  incident-2001-02-05-1 waits for a word of operator, whether the suite takes it:',
      `  ${accept}`,
    ]);
    assert.deepEqual(liveNews({ ...view, proposedCases: [] }, view), [
      `${VIEW.eventTime ?? ''}  needs a person: ${accept}`,
    ]);
    assert.deepEqual(liveNews(view, view), []);
  });
});
