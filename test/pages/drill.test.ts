import assert from 'node:assert/strict';
import { drillVerdict, happeningLine } from '../../src/pages/drill.ts';
import type { DrillReport } from '../../src/pages/drill.ts';

const finding = (expectation: string, met: boolean): DrillReport['findings'][number] => ({
  expectation,
  met,
  found: 'exposure 0.01',
  eventTime: '2001-01-16T09:00:00Z',
  wallSeconds: 31.2,
});
const report: DrillReport = {
  drill: 'label-feed-stopped',
  breaks: 'the label feed dies',
  expects: 'it holds',
  holds: true,
  findings: [finding('it holds', true), finding('it goes on', true)],
  happenings: [],
  wallSeconds: 48.4,
};

describe('a drill in words', () => {
  it('says that it holds, by how much and in what time', () =>
    assert.equal(drillVerdict(report), '\nlabel-feed-stopped holds: 2 of 2 expectations met in 48 s'));

  it('names every expectation that was not met, with what was found instead', () =>
    assert.equal(
      drillVerdict({ ...report, holds: false, findings: [finding('it holds', true), finding('it goes on', false)] }),
      '\nlabel-feed-stopped DOES NOT HOLD: 1 of 2 expectations met in 48 s\n  not met: it goes on (exposure 0.01)',
    ));

  it('dates what happened in wall and event time', () => {
    const line = { wallSeconds: 31.2, eventTime: '2001-01-16T09:00:00Z', what: 'the label feed stops' };
    assert.equal(happeningLine(line), '   31.2 s  2001-01-16T09:00:00Z  the label feed stops');
    assert.equal(happeningLine({ ...line, eventTime: null }), '   31.2 s  before traffic        the label feed stops');
  });
});
