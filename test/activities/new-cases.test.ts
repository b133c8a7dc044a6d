import assert from 'node:assert/strict';
import { createMonitoringActivities } from '../../src/activities/monitoring.ts';
import { createInMemoryRecordStore } from '../../src/adapters/record-store/in-memory.ts';
import { createInMemoryRequestLog } from '../../src/adapters/request-log/in-memory.ts';
import { createInMemoryRouter } from '../../src/adapters/traffic-router/in-memory.ts';
import { promotionId } from '../../src/contracts/names.ts';
import type { ClosedIncident, MonitoringActivities } from '../../src/contracts/workflows.ts';
import type { CaseWord } from '../../src/domain/monitoring/case-desk.ts';
import { openIncident } from '../incident-stories.ts';
import { activityEnvironment } from './small-world.ts';

const MODEL = 'shop';
const AT = '2026-11-26T05:00:00Z';

describe('the case of an incident that people judge', () => {
  const records = createInMemoryRecordStore();
  const trafficRouter = createInMemoryRouter(1, { clock: () => null, loads: () => true });
  const activities = createMonitoringActivities({ records, trafficRouter, requestLog: createInMemoryRequestLog() });
  let incidentId: string;
  const close = (): ReturnType<MonitoringActivities['closeIncident']> =>
    activityEnvironment().run(() => activities.closeIncident({ model: MODEL, incidentId }));
  const settle = (word: CaseWord): Promise<ClosedIncident> =>
    activityEnvironment().run(() => activities.settleCase({ model: MODEL, incidentId, word }));
  const onRecord = () =>
    records.transaction(MODEL, async (tx) => ({
      proposed: await tx.get('proposedCase', incidentId),
      suite: (await tx.list('suiteCase')).map(({ key }) => key),
      owed: (await tx.handoffs(promotionId(MODEL))).map(({ id }) => id),
      stage: await tx.get('stage', incidentId),
      incident: await tx.get('incident', incidentId),
      commands: (await tx.list('command')).length,
    }));
  const word: CaseWord = {
    verdict: 'accepted',
    by: 'eve',
    reason: 'storms come back',
    channel: 'ui',
    commandId: 'invented-by-hand',
    at: AT,
    maxRegressionPerThousand: 3,
    minUnits: 100,
  };

  before(async () => {
    incidentId = await openIncident(records, MODEL, { newCases: { role: 'reviewer', within: 'P2D' } });
  });

  it('is proposed when the incident is over, the same however often that is asked, and no case of the suite', async () => {
    const first = await close();
    assert.deepEqual(await close(), first);
    const { caseId, proposed } = first;
    assert.equal(caseId, null);
    assert.deepEqual(
      [proposed?.caseId, proposed?.people, proposed?.withinMs, proposed?.labelled],
      ['incident-2001-01-05-1', ['ana', 'eve'], 172_800_000, 480],
    );
    const { suite, owed, stage, incident } = await onRecord();
    assert.deepEqual([suite, owed], [[], []]);
    assert.equal(stage?.waitingFor, 'a word of reviewer on incident-2001-01-05-1');
    assert.notEqual(incident?.closedAt, null);
  });

  it('enters the suite as it was accepted, once however often the word is written down', async () => {
    const settled = await settle(word);
    assert.deepEqual(await settle(word), settled);
    const { proposed, suite, owed, stage, incident, commands } = await onRecord();
    assert.deepEqual(suite, ['incident-2001-01-05-1']);
    assert.deepEqual(owed, [`${incidentId}/suite-grew`]);
    assert.deepEqual([stage, incident?.caseId, commands], [null, 'incident-2001-01-05-1', 1]);
    assert.deepEqual(proposed?.word, word);
    assert.equal(proposed.suiteCase.maxRegressionPerThousand, 4, 'as it was proposed');
  });

  it('keeps the word where the closing is repeated after it', async () => {
    await close();
    const { proposed, stage } = await onRecord();
    assert.deepEqual([proposed?.word, stage], [word, null]);
  });
});
