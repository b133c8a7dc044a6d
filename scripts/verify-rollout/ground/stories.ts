/** What may happen to a candidate, told step by step. */
import type { ModelDeclaration } from '../../../src/contracts/model.ts';
import { policyOf } from '../../../src/contracts/policy-record.ts';
import type { RolloutState } from '../../../src/domain/rollout/states.ts';
import { HARMFUL, pushedModel } from '../../../test/pushed-model.ts';
import { MAILBOX_SECRET } from './ground.ts';
import { Contradiction } from './patience.ts';
import type { Teller } from './teller.ts';

type Story = (teller: Teller) => Promise<void>;

/** More than any story needs. */
const COHORTS_MAX = 20;

/** Climbs until the state is as wanted, or the rollout is decided. Whoever is asked says yes. */
async function climb(teller: Teller, wanted: (state: RolloutState) => boolean = () => false): Promise<RolloutState> {
  for (let cohorts = 0; cohorts < COHORTS_MAX; cohorts++) {
    const state = await teller.look();
    if (state.decision !== null || wanted(state)) return state;
    if (state.request !== null && state.request.approvals.length === 0) await teller.approve(state);
  }
  throw new Contradiction(`${teller.rolloutId}: ${COHORTS_MAX} cohorts have brought no decision`);
}

export const STORIES = {
  'climbs to the end': async (teller) => {
    await teller.begin();
    await climb(teller);
  },
  'is told its evidence by updates': async (teller) => {
    teller.byUpdate = true;
    await teller.begin();
    await climb(teller);
  },
  'is harmful': async (teller) => {
    await teller.begin();
    await teller.look();
    for (let cohorts = 0; cohorts < COHORTS_MAX; cohorts++) if ((await teller.look(HARMFUL)).decision !== null) return;
  },
  'is ordered back': async (teller) => {
    await teller.begin();
    await climb(teller, ({ exposure }) => exposure === 0.25);
    await teller.order('rollback', 'ben');
  },
  'is rejected': async (teller) => {
    await teller.begin();
    await climb(teller, ({ request }) => request !== null);
    await teller.order('reject', 'ben');
  },
  'is paused and extended': async (teller) => {
    await teller.begin();
    await teller.look();
    await teller.order('pause', 'ana');
    const { phase } = await teller.look();
    if (phase !== 'paused') throw new Contradiction(`${teller.rolloutId} was paused, and is ${phase}`);
    await teller.order('resume', 'ana');
    const { step } = await climb(teller, ({ exposure }) => exposure === 0.25);
    for (const occasion of ['first', 'second'])
      await teller.order('extend', 'ana', { step, duration: 'PT3H' }, occasion);
    await climb(teller);
  },
  'is paused in the web UI': async (teller) => {
    await teller.begin();
    await teller.look();
    await teller.orderInUi('pause', 'ana');
    await teller.look();
    await teller.orderInUi('resume', 'ana');
    await climb(teller);
  },
  'is re-based': async (teller) => {
    await teller.begin();
    await teller.look();
    const present = pushedModel(teller.hand.model);
    const steps = present.rollout.steps.map((step) => (step.mode === 'canary' ? { ...step, deadline: 'P9D' } : step));
    await teller.rebase(policyOf({ ...present, rollout: { ...present.rollout, steps } }, 'not-worse'));
    await climb(teller);
  },
  'is checked in a process of its own': async (teller) => {
    await teller.begin();
    await climb(teller);
  },
  'is ended from outside': async (teller) => {
    await teller.begin();
    await climb(teller, ({ exposure }) => exposure === 0.25);
    await teller.terminate();
  },
  'tells people': async (teller) => {
    await teller.begin();
    await climb(teller, ({ request }) => request !== null);
    await teller.order('rollback', 'ben');
  },
} as const satisfies Record<string, Story>;
export type StoryName = keyof typeof STORIES;

/** How each of them ends. */
export const ENDS: Readonly<Record<StoryName, 'promoted' | 'rolled_back' | 'withdrawn'>> = {
  'climbs to the end': 'promoted',
  'is told its evidence by updates': 'promoted',
  'is harmful': 'rolled_back',
  'is ordered back': 'rolled_back',
  'is rejected': 'withdrawn',
  'is paused and extended': 'promoted',
  'is paused in the web UI': 'promoted',
  'is re-based': 'promoted',
  'is checked in a process of its own': 'promoted',
  'is ended from outside': 'rolled_back',
  'tells people': 'rolled_back',
};

/** A model for stories of a kind. @param mailbox Where its people are told */
export function modelFor(story: StoryName, model: string, mailbox: string): ModelDeclaration {
  const declaration = pushedModel(model);
  if (story === 'tells people') {
    const channel = { kind: 'webhook', id: 'mailbox', url: mailbox, secretFrom: MAILBOX_SECRET, onlyUnanswered: false };
    return { ...declaration, notifications: { channels: [channel] } } as ModelDeclaration;
  }
  if (story !== 'is checked in a process of its own') return declaration;
  const { steps } = declaration.rollout;
  const check = { mode: 'infra', requests: 1, latencyMsMax: 10_000 } as const;
  return {
    ...declaration,
    rollout: { ...declaration.rollout, steps: [...steps.slice(0, 1), check, ...steps.slice(1)] },
  };
}
