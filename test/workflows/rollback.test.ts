import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { climbed, ended, STABLE, startRolloutStories } from './rollout-stories.ts';
import type { RolloutStories, Story } from './rollout-stories.ts';
import { eventually, faultsOfAllRuns, keepHistory } from './stage-run.ts';

/** The look for the next cohort has begun: what is ordered now finds it in flight. */
const lookIsInFlight = async (story: Story): Promise<void> => {
  const { run, judgedCohort } = await story.until((state) => state.run !== null);
  await eventually(
    async () => story.world.lookingAt,
    (cohort) => cohort === `${run}/${judgedCohort + 1}`,
  );
};
const atFivePercent = async (story: Story): Promise<void> => {
  story.say('advance');
  await story.until(({ exposure }) => exposure === 0.05);
};
const atTwentyFive = async (story: Story): Promise<void> => {
  story.say('advance', 'advance');
  await story.until(({ exposure }) => exposure === 0.25);
};

interface Phase {
  readonly title: string;
  readonly outcome: 'withdrawn' | 'rolled_back';
  /** Brings the rollout there. */
  readonly reach: (story: Story, stories: RolloutStories) => Promise<unknown>;
}

const PHASES: Readonly<Record<string, Phase>> = {
  'before-brief': {
    title: 'while the gateways do not agree what they serve',
    outcome: 'withdrawn',
    reach: (story) => story.until(({ brief }) => brief === null),
  },
  'offline-phase': {
    title: 'while the suite is being run',
    outcome: 'withdrawn',
    reach: (story) => story.until(({ brief, evaluated }) => brief !== null && !evaluated),
  },
  'shadow-phase': {
    title: 'in shadow, with a look in flight',
    outcome: 'withdrawn',
    reach: async (story) => {
      await story.until(({ run }) => run === 'shadow');
      await lookIsInFlight(story);
    },
  },
  'canary-phase': {
    title: 'under exposure, with a look in flight',
    outcome: 'rolled_back',
    reach: async (story) => {
      await atFivePercent(story);
      await lookIsInFlight(story);
    },
  },
  'held-phase': {
    title: 'while the gate holds',
    outcome: 'rolled_back',
    reach: async (story) => {
      await atFivePercent(story);
      story.say('hold');
      await story.until(({ last }) => last?.verdict === 'hold');
    },
  },
  'paused-phase': {
    title: 'while paused',
    outcome: 'rolled_back',
    reach: async (story) => {
      await atFivePercent(story);
      await story.order('pause');
    },
  },
  'paused-order': {
    title: 'while a pause keeps an ordered rise from the gateways',
    outcome: 'rolled_back',
    reach: async (story) => {
      await atTwentyFive(story);
      const yes = await approvalAsked(story);
      await story.order('pause');
      await story.order('approve', yes);
    },
  },
  'approval-phase': {
    title: 'while an approval is waited for',
    outcome: 'rolled_back',
    reach: async (story) => {
      await atTwentyFive(story);
      await approvalAsked(story);
    },
  },
  'escalated-phase': {
    title: 'after its deadline',
    outcome: 'rolled_back',
    reach: async (story) => {
      await atFivePercent(story);
      story.say('escalate');
      await story.until(({ escalated }) => escalated);
    },
  },
  'full-phase': {
    title: 'while it serves everyone for the first cohort',
    outcome: 'rolled_back',
    reach: async (story) => {
      story.world.cohortsAreServed = false;
      await atTwentyFive(story);
      await story.order('approve', await approvalAsked(story));
      story.say('advance');
      await story.until(({ exposure }) => exposure === 1);
    },
  },
};

async function approvalAsked(story: Story): Promise<object> {
  story.say('advance');
  return story.approval();
}

describe('a rollback order (P3)', function () {
  this.timeout(60_000);
  let stories: RolloutStories;
  before(async () => void (stories = await startRolloutStories()));
  after(() => stories.stop());

  for (const [model, { title, outcome, reach }] of Object.entries(PHASES)) {
    it(`wins ${title}`, async () => {
      const story = await stories.begin(model, (world) => {
        if (model === 'offline-phase') world.suite = 'is not answered';
        world.gatewaysAgree = model !== 'before-brief';
      });
      await reach(story, stories);
      const before = Date.now();
      const answer = await story.order('rollback');
      assert.equal(answer.accepted, true);
      assert.equal((await ended(story)).decision?.outcome, outcome);
      assert.ok(Date.now() - before < 3_000, `${Date.now() - before} ms`);
      assert.equal(await story.exposed(), 0);
      const splits = climbed(story);
      if (splits.length > 0) assert.equal(splits.at(-1), null);
    });
  }

  it('wins over a rise that is on its way to the gateways, and over its late arrival', async () => {
    const story = await stories.begin('overtaken');
    await atFivePercent(story);
    let arrive = (): void => undefined;
    story.world.road = new Promise((resolve) => (arrive = resolve));
    story.say('advance');
    await story.until(({ ordered }) => ordered?.target === 3);
    await story.order('rollback');
    assert.equal((await ended(story)).decision?.outcome, 'rolled_back');
    arrive();
    await sleep(300);
    assert.equal(await story.exposed(), 0);
    assert.deepEqual(climbed(story), [0, 0.05, null]);
  });

  it('reaches zero while the record store is down, and is recorded when it is back', async () => {
    const story = await stories.begin('no-records');
    await atFivePercent(story);
    await lookIsInFlight(story);
    story.world.recordsAreDown = true;
    await story.order('rollback');
    await eventually(
      () => story.exposed(),
      (exposed) => exposed === 0,
    );
    const { retreated, recorded } = await story.until((state) => state.retreated);
    assert.deepEqual([retreated, recorded], [true, false]);
    story.world.recordsAreDown = false;
    assert.equal((await ended(story)).recorded, true);
  });

  it('reaches zero while people cannot be told of an approval, because the record store is down', async () => {
    const story = await stories.begin('no-announcement');
    await atTwentyFive(story);
    await lookIsInFlight(story);
    story.world.recordsAreDown = true;
    await approvalAsked(story);
    await story.order('rollback');
    await story.until(({ retreated }) => retreated);
    assert.equal(await story.exposed(), 0);
    story.world.recordsAreDown = false;
    assert.equal((await ended(story)).decision?.outcome, 'rolled_back');
    const request = await stories.records.transaction('no-announcement', (tx) =>
      tx.get('approvalRequest', story.input.rolloutId),
    );
    assert.equal(request, null);
  });

  it('is carried out although a gateway cannot load the stable bundle for a while', async () => {
    const story = await stories.begin('unloadable');
    await atFivePercent(story);
    stories.unloadable.add(STABLE);
    await story.order('rollback');
    await sleep(500);
    assert.equal((await story.handle.describe()).status.name, 'RUNNING');
    stories.unloadable.delete(STABLE);
    assert.equal((await ended(story)).decision?.outcome, 'rolled_back');
    assert.equal(await story.exposed(), 0);
  });

  it('comes as a signal as well', async () => {
    const story = await stories.begin('by-signal');
    await atFivePercent(story);
    await story.signal('rollback', { by: 'monitoring', reason: 'ordered by an incident' });
    const { decision } = await ended(story);
    assert.deepEqual([decision?.outcome, decision?.by], ['rolled_back', 'monitoring']);
    await keepHistory(story.handle, 'rollout--rolled-back-by-a-person');
  });

  // A suite of its own comes after all the others.
  describe('altogether', () =>
    it('leaves histories in which the rules find no fault', async () =>
      assert.deepEqual(await faultsOfAllRuns(stories.run), [])));
});
