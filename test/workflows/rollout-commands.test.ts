import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { createEvidenceIntake } from '../../src/adapters/record-store/evidence-intake.ts';
import type { AllActivities } from '../../src/contracts/workflows.ts';
import { sha256Hex } from '../../src/domain/sha256.ts';
import { climbed, ended, startRolloutStories } from './rollout-stories.ts';
import type { RolloutStories, Story } from './rollout-stories.ts';
import { eventually, faultsOfAllRuns, keepHistory } from './stage-run.ts';

async function refusal(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return error.cause?.message ?? '';
    throw error;
  }
  throw new assert.AssertionError({ message: 'the command was taken' });
}

const atFivePercent = async (story: Story): Promise<void> => {
  story.say('advance');
  await story.until(({ exposure }) => exposure === 0.05);
};
const askingAtTwentyFive = async (story: Story): Promise<void> => {
  story.say('advance', 'advance', 'advance');
  await story.until(({ request }) => request !== null);
};

describe('commands to a rollout', function () {
  this.timeout(60_000);
  let stories: RolloutStories;
  /** What is kept on record of an order waits for this, by model and order. */
  const pen = new Map<string, Promise<void>>();
  const recordOrder: AllActivities['recordOrder'] = async ({ model, attempt }) => {
    await pen.get(`${model}/${attempt.command}`);
    await createEvidenceIntake(stories.records).logAttempt(model, attempt);
  };
  before(async () => void (stories = await startRolloutStories({ recordOrder })));
  after(() => stories.stop());

  describe('pause and resume', () => {
    it('keep the exposure where it is, whatever the gate says, and go on from there', async () => {
      const story = await stories.begin('paused');
      await atFivePercent(story);
      const answer = await story.order('pause', { reason: 'marketing asks to wait' });
      assert.deepEqual([answer.accepted, answer.phase, answer.exposure], [true, 'paused', 0.05]);
      story.say('advance', 'advance');
      await story.until(({ judgedCohort, last }) => last?.run === 'canary' && judgedCohort >= 4);
      assert.deepEqual(climbed(story), [0, 0.05]);
      await story.order('resume');
      story.say('advance');
      await story.until(({ exposure }) => exposure === 0.25);
      story.say({ verdict: 'rollback', reasons: ['loss'] });
      await ended(story);
      await keepHistory(story.handle, 'rollout--paused-and-resumed');
    });

    it('say of a rise that was already on its way to the gateways that it came to be', async () => {
      const story = await stories.begin('caught');
      await atFivePercent(story);
      let arrive = (): void => undefined;
      story.world.road = new Promise((resolve) => (arrive = resolve));
      story.say('advance');
      await story.until(({ ordered }) => ordered?.target === 3);
      const paused = await story.order('pause');
      assert.equal(paused.phase, 'paused');
      arrive();
      // What the gateways have taken is what counts: the state says what they really do.
      const split = await eventually(
        () => stories.router.observe('caught'),
        ([first]) => first?.entries.at(-1)?.exposure === 0.25,
      );
      assert.equal(split.length, 2);
      assert.equal((await story.until(({ exposure }) => exposure === 0.25)).phase, 'paused');
    });

    it('do not keep harm from rolling back', async () => {
      const story = await stories.begin('paused-harm');
      await atFivePercent(story);
      await story.order('pause');
      story.say({ verdict: 'rollback', reasons: ['errors'] });
      assert.equal((await ended(story)).decision?.outcome, 'rolled_back');
    });
  });

  describe('an approval', () => {
    it('counts for the step and the evidence that it names, and is refused with the present digest otherwise', async () => {
      const story = await stories.begin('bound');
      await askingAtTwentyFive(story);
      const { request } = await story.status();
      const present = `the present request is for step 3 with evidence ${request?.evidenceDigest}`;
      for (const [body, words] of [
        [{ evidenceDigest: sha256Hex('yesterday') }, `the evidence has moved on; ${present}`],
        [{ step: 2 }, `step 2 is not the one that waits; ${present}`],
        [{ candidate: sha256Hex('another') }, `this rollout judges candidate ${story.input.bundle}`],
        [{ role: 'operator' }, 'role operator is not asked for; allowed: approver'],
        [{ by: 'dora' }, 'dora does not hold role approver; allowed: ana, ben, cleo'],
        [{ by: 'cleo' }, 'cleo is the candidate’s author and cannot approve it'],
      ] as const) {
        assert.equal(await refusal(story.order('approve', await story.approval(body))), words);
      }
      assert.deepEqual((await story.status()).request?.approvals, []);
      assert.deepEqual(climbed(story), [0, 0.05, 0.25]);
    });

    it('is refused where nothing waits for one', async () => {
      const story = await stories.begin('unasked');
      await atFivePercent(story);
      const yes = { role: 'approver', step: 2, candidate: story.input.bundle, evidenceDigest: sha256Hex('any') };
      assert.match(await refusal(story.order('approve', yes)), /^nothing waits for an approval now \(/);
    });

    it('is void once the evidence turns', async () => {
      const story = await stories.begin('void');
      await askingAtTwentyFive(story);
      const yes = await story.approval();
      story.say({ verdict: 'hold', reasons: ['loss'] });
      await story.until(({ request }) => request === null);
      assert.match(await refusal(story.order('approve', yes)), /^nothing waits for an approval now \(/);
      story.say('advance');
      const asked = await story.until(({ request }) => request !== null);
      assert.match(await refusal(story.order('approve', yes)), /^the evidence has moved on; /);
      assert.equal(asked.exposure, 0.25);
    });

    it('is announced to people and taken back when it is given', async () => {
      const story = await stories.begin('announced');
      await askingAtTwentyFive(story);
      const announced = () =>
        stories.records.transaction('announced', (tx) => tx.get('approvalRequest', story.input.rolloutId));
      const { roles } = (await eventually(announced, (known) => known !== null))!;
      assert.deepEqual(roles, ['approver']);
      const { searchAttributes } = await story.handle.describe();
      assert.deepEqual(searchAttributes['HoldfastNeedsHuman'], [true]);
      await story.order('approve', await story.approval());
      story.say('advance');
      await ended(story);
      assert.equal(await announced(), null);
    });
  });

  it('is refused with the reason where it does not fit, and a refusal leaves no event', async () => {
    const story = await stories.begin('refusals');
    await atFivePercent(story);
    await eventually(
      async () => story.world.lookingAt,
      (cohort) => cohort.startsWith('canary/'),
    );
    const before = (await story.handle.describe()).historyLength;
    assert.equal(await refusal(story.order('resume')), 'the rollout is not paused');
    assert.match(await refusal(story.order('pause', { reason: '' })), /^pause: reason: /);
    assert.match(await refusal(story.order('rollback', { by: 7 })), /^rollback: by: .*; a valid one: \{"by":"ana"/);
    assert.equal((await story.handle.describe()).historyLength, before);
    await story.order('pause');
    assert.equal(await refusal(story.order('pause')), 'the rollout is already paused');
  });

  it('is carried out once, by whatever way and however often it comes', async () => {
    const story = await stories.begin('repeated');
    await atFivePercent(story);
    const pause = { commandId: 'the-pause' };
    await story.order('pause', pause);
    await story.order('resume');
    for (let times = 0; times < 3; times += 1) {
      assert.equal((await story.order('pause', pause)).phase, 'progressing');
      await story.signal('pause', pause);
    }
    // A command without an id has that of its update.
    const again = { updateId: 'the-same-update', args: [{ by: 'ana', reason: 'clicked twice' }] as [object] };
    await story.handle.executeUpdate('pause', again);
    await story.order('resume');
    await story.handle.executeUpdate('pause', again);
    story.say('advance');
    await story.until(({ exposure }) => exposure === 0.25);
  });

  it('comes as a signal of the same name as well, and changes nothing where it is refused; what comes from the web UI is kept on record', async () => {
    const story = await stories.begin('signals');
    await askingAtTwentyFive(story);
    await story.signal('pause', { channel: 'ui' });
    await story.until(({ phase }) => phase === 'paused');
    await story.signal('resume', { channel: 'ui' });
    await story.until(({ phase }) => phase === 'progressing');
    await story.signal('resume', { channel: 'ui' });
    await story.signal('approve', await story.approval({ evidenceDigest: sha256Hex('yesterday'), channel: 'ui' }));
    await story.signal('approve', await story.approval({ by: 'ben', channel: 'ui' }));
    const { request } = await story.until((state) => state.request?.approvals.length === 1);
    assert.equal(request?.approvals[0]?.by, 'ben');
    await story.signal('reject', { reason: 'the forecast has changed', channel: 'ui' });
    const { decision } = await ended(story);
    assert.deepEqual([decision?.outcome, decision?.reason], ['withdrawn', 'rejected by ana: the forecast has changed']);
    assert.equal(await story.exposed(), 0);
    // Nobody else has written down what comes from the web UI, taken or not.
    const log = await stories.records.transaction(story.input.model, (tx) => tx.list('command'));
    const kept = log.map(({ body: { command, by, result } }) => `${command} by ${by} ${result.split(':')[0]}`);
    assert.deepEqual(kept.sort(), [
      'approve by ana refused',
      'approve by ben taken',
      'pause by ana taken',
      'reject by ana taken',
      'resume by ana refused',
      'resume by ana taken',
    ]);
  });

  it('from the web UI is waited for by nobody, and on record before the rollout ends, also what comes after the decision', async () => {
    const write = ['rollback', 'pause'].map((order) => {
      let go = (): void => undefined;
      pen.set(`slow-log/${order}`, new Promise((resolve) => (go = resolve)));
      return () => go();
    });
    const story = await stories.begin('slow-log');
    await atFivePercent(story);
    await story.signal('rollback', { channel: 'ui' });
    await story.until(({ recorded }) => recorded);
    assert.equal(await story.exposed(), 0);
    await story.signal('pause', { channel: 'ui' });
    await story.status();
    write[0]?.();
    await sleep(500);
    assert.equal((await story.handle.describe()).status.name, 'RUNNING');
    write[1]?.();
    await ended(story);
    const log = await stories.records.transaction(story.input.model, (tx) => tx.list('command'));
    const kept = log.map(({ body: { command, result } }) => `${command} ${result.split(':')[0]}`);
    assert.deepEqual(kept.sort(), ['pause refused', 'rollback taken']);
  });

  describe('across continue-as-new', () => {
    let story: Story;
    let firstRun: string;
    const pause = { commandId: 'pause-of-the-first-run' };

    before(async () => {
      story = await stories.begin('years');
      await atFivePercent(story);
      firstRun = (await story.handle.describe()).runId;
      await story.order('pause', pause);
      await story.order('resume');
      // A run that is continued within two seconds would look like one that goes round in circles.
      await sleep(2_000);
      for (let rounds = 0; rounds < 100; rounds += 1) {
        await story.order('pause');
        await story.order('resume');
        story.say('continue');
        if ((await story.handle.describe()).runId !== firstRun) return;
      }
    });

    it('goes on in a fresh history from where it was', async () => {
      const ofFirst = await stories.client.workflow.getHandle(story.input.rolloutId, firstRun).describe();
      assert.equal(ofFirst.status.name, 'CONTINUED_AS_NEW');
      assert.ok(ofFirst.historyLength < 500, `${ofFirst.historyLength} events`);
      const { exposure, step, run } = await story.status();
      assert.deepEqual([exposure, step, run], [0.05, 2, 'canary']);
      assert.deepEqual(climbed(story), [0, 0.05]);
    });

    it('does not carry out again what the run before has carried out', async () => {
      assert.equal((await story.order('pause', pause)).phase, 'progressing');
      await story.signal('pause', pause);
      assert.equal((await story.status()).phase, 'progressing');
    });

    it('climbs on', async () => {
      story.say('advance');
      await story.until(({ exposure }) => exposure === 0.25);
      const first = stories.client.workflow.getHandle(story.input.rolloutId, firstRun);
      await keepHistory(first, 'rollout--continued-as-new');
      await keepHistory(story.handle, 'rollout--after-continue-as-new');
    });
  });

  // A suite of its own comes after all the others.
  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(stories.run), [])));
});
