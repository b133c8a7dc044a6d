import assert from 'node:assert/strict';
import { Context } from '@temporalio/activity';
import { QueryNotRegisteredError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { RawValue } from '@temporalio/common';
import type { z } from 'zod';
import { DOORS } from '../../src/contracts/message-doors.ts';
import type { AnyMessage, Doors } from '../../src/contracts/message-doors.ts';
import * as contracts from '../../src/contracts/messages.ts';
import type { WorkflowKind } from '../../src/contracts/names.ts';
import type { AllActivities, DatasetSummary } from '../../src/contracts/workflows.ts';
import type { CampaignBrief } from '../../src/domain/collection/campaign.ts';
import { flightModel } from '../adapters/data-source/places.ts';
import { faultsOf } from './history-rules.ts';
import { HUGE, misshapen, undecodable } from './malformed-payloads.ts';
import type { MalformedMessage } from './malformed-payloads.ts';
import { startRolloutStories } from './rollout-stories.ts';
import type { RolloutStories } from './rollout-stories.ts';
import { eventually, historyOf } from './stage-run.ts';

const MODEL = 'junk';
const ANSWER_WITHIN_MS = 2_000;

interface Message {
  readonly name: string;
  readonly sample: object;
  readonly schema: z.ZodObject;
}
const MESSAGES: readonly Message[] = Object.values(contracts).flatMap((value) =>
  typeof value === 'object' && 'schema' in value ? [value as Message] : [],
);
const messageOf = (name: string): Message => MESSAGES.find((known) => known.name === name)!;
const malformed = ({ sample, schema }: Message): MalformedMessage[] => {
  const full = { ...sample, ...('commandId' in schema.shape ? { commandId: 'command-1' } : {}) };
  const optional = Object.keys(full).filter((field) => schema.safeParse({ ...full, [field]: undefined }).success);
  return [...undecodable(), ...misshapen(full, optional)];
};
/** Names that no workflow has a door for, and names of the SDK's own. */
const UNKNOWN = ['nonsense', 'status', '__stack_trace', '__temporal_workflow_metadata', 'ü 🙂', 'x'.repeat(900)];

interface Definition {
  readonly name: string;
}
interface Metadata {
  readonly definition: Partial<
    Record<'signalDefinitions' | 'updateDefinitions' | 'queryDefinitions', readonly Definition[]>
  >;
}

const BRIEF: CampaignBrief = {
  question: 'Was it bad?',
  labelName: 'bad',
  labels: [
    { label: 0, meaning: 'no' },
    { label: 1, meaning: 'yes' },
  ],
  from: '2001-01-03T00:00:00Z',
  through: '2001-01-10T00:00:00Z',
  role: 'annotator',
  annotators: ['ana'],
  adjudicators: [],
  answersPerTask: 1,
  deadlineMs: 3_600_000,
  tasks: [{ task: 't1', inputs: { shop: 'north' } }],
};

/** A wait that ends when the test says what comes of it. */
class Gate<T> {
  readonly #answers: T[] = [];

  open(answer: T): void {
    this.#answers.push(answer);
  }

  async wait(): Promise<T> {
    for (;;) {
      const answer = this.#answers.shift();
      if (answer !== undefined) return answer;
      Context.current().heartbeat();
      await Context.current().sleep(20);
    }
  }
}

describe('whatever is sent to it, known or unknown,', function () {
  this.timeout(120_000);
  let stories: RolloutStories;
  let client: Client;
  const collected = new Gate<Awaited<ReturnType<AllActivities['collectNext']>>>();
  const forever = (): Promise<never> => new Gate<never>().wait();
  const recovered = new Gate<{ recovered: boolean; inWords: string }>();
  const dataset = new Gate<DatasetSummary>();
  let queueLooks = 0;

  before(async () => {
    stories = await startRolloutStories({
      collectNext: ({ model }) => (model === MODEL ? collected.wait() : forever()),
      monitorNext: forever,
      recoveryNext: () => recovered.wait(),
      assembleDataset: () => dataset.wait(),
      experimentNext: forever,
      respond: async () => ({ inWords: 'a page', orderedRetrain: null, orderedRollback: null, needsHuman: true }),
      abandonExperiment: async () => undefined,
      openCampaign: async () => BRIEF,
      recordLabels: async () => ({ tasks: [], setAside: [] }),
      nextRollout: async () => {
        queueLooks += 1;
        return null;
      },
    });
    ({ client } = stories);
  });
  after(() => stories.stop());

  const ask = <T>(handle: WorkflowHandle, question: string): Promise<T> => handle.query<T>(question);
  /** Workflow type → how it is started, and what shows that it takes up valid messages or work. */
  const WORKFLOWS: Readonly<
    Record<string, { start: () => Promise<WorkflowHandle>; livesOn: (handle: WorkflowHandle) => Promise<unknown> }>
  > = {
    lifecycle: {
      start: async () => {
        const declaration = { ...flightModel(), model: 'junk-life' };
        const input = { declaration, digest: '0'.repeat(64), baseDir: '.', modelPath: 'shop.yaml' };
        const handle = await stories.run.start('lifecycle', 'lifecycle/junk-life', input);
        // Until its stages have been started and have spoken, its state moves by itself.
        await eventually(
          () => ask<string>(handle, 'explain'),
          (words) => words.includes('no candidate in flight'),
        );
        for (const stage of ['collection', 'monitoring', 'promotion', 'experimentation'])
          await eventually(
            () =>
              client.workflow
                .getHandle(`${stage}/junk-life`)
                .describe()
                .catch(() => null),
            (known) => known !== null,
          );
        return handle;
      },
      livesOn: async (handle) => {
        await handle.signal('stageChanged', { stage: 'rollout', inWords: 'all is well', eventTime: null });
        await eventually(
          () => ask<string>(handle, 'explain'),
          (words) => words.includes('all is well'),
        );
      },
    },
    collection: {
      start: () => stories.run.start('collection', `collection/${MODEL}`, { model: MODEL }),
      livesOn: async (handle) => {
        collected.open({ days: [], through: null, maturedThrough: null });
        await eventually(
          () => ask<{ sequence: number }>(handle, 'status'),
          ({ sequence }) => sequence === 1,
        );
      },
    },
    campaign: {
      start: () => {
        const campaignId = `campaign/${MODEL}/2001-01-10-1`;
        return stories.run.start('campaign', campaignId, { model: MODEL, campaignId });
      },
      livesOn: async (handle) => {
        await handle.executeUpdate('answerLabelTask', { args: [{ by: 'ana', task: 't1', label: 1 }] });
        await eventually(
          () => ask<{ tasks: readonly { answeredBy: readonly string[] }[] }>(handle, 'status'),
          ({ tasks }) => tasks[0]?.answeredBy[0] === 'ana',
        );
      },
    },
    experimentation: {
      start: () => stories.run.start('experimentation', `experimentation/${MODEL}`, { model: MODEL }),
      livesOn: async (handle) => {
        await handle.signal('retrainOrdered', { incidentId: 'incident/junk/2001-01-03-1', handoffId: 'h' });
        await eventually(
          () => ask<string>(handle, 'explain'),
          (words) => words.includes('a retrain was ordered'),
        );
      },
    },
    experiment: {
      start: () =>
        stories.run.start('experiment', `experiment/${MODEL}/fresh-1`, {
          model: MODEL,
          experimentId: `experiment/${MODEL}/fresh-1`,
          idea: 'fresh',
          attempt: 1,
          asOf: '2001-01-03T00:00:00Z',
          readyAt: '2001-01-03T03:00:00Z',
          hypothesis: 'fresher is better',
        }),
      livesOn: async (handle) => {
        dataset.open({ datasetVersion: '', rows: 0, days: 0, asOf: '2001-01-03T00:00:00Z' });
        assert.equal(await handle.result(), null);
      },
    },
    promotion: {
      start: () => stories.run.start('promotion', `promotion/${MODEL}`, { model: MODEL }),
      livesOn: async (handle) => {
        const before = queueLooks;
        await handle.signal('candidateReady', { bundle: 'a'.repeat(64), handoffId: 'h' });
        await eventually(
          async () => queueLooks,
          (looks) => looks > before,
        );
      },
    },
    rollout: {
      start: async () => (await stories.begin(MODEL)).handle,
      livesOn: async (handle) => {
        await handle.executeUpdate('pause', { args: [contracts.pauseMessage.sample] });
        await eventually(
          () => ask<{ phase: string }>(handle, 'status'),
          ({ phase }) => phase === 'paused',
        );
      },
    },
    monitoring: {
      start: () =>
        stories.run.start('monitoring', `monitoring/${MODEL}`, {
          model: MODEL,
          state: { recent: [], open: ['incident/junk/2001-01-03-1'] },
        }),
      livesOn: async (handle) => {
        await handle.signal('incidentClosed', { incidentId: 'incident/junk/2001-01-03-1' });
        await eventually(
          () => ask<{ open: string[] }>(handle, 'status'),
          ({ open }) => open.length === 0,
        );
      },
    },
    incident: {
      start: () =>
        stories.run.start('incident', `incident/${MODEL}/2001-01-04-1`, {
          model: MODEL,
          incidentId: `incident/${MODEL}/2001-01-04-1`,
        }),
      livesOn: async (handle) => {
        recovered.open({ recovered: false, inWords: 'one day of two is good' });
        await eventually(
          () => ask<string>(handle, 'explain'),
          (words) => words.includes('one day of two is good'),
        );
      },
    },
  };

  const wire = ({ payloads }: MalformedMessage): RawValue[] => payloads.map((payload) => RawValue.fromPayload(payload));
  const isRefused = async (handle: WorkflowHandle, name: string, message: MalformedMessage): Promise<boolean> => {
    try {
      await handle.executeUpdate<unknown, [unknown]>(name, { args: wire(message) as [unknown] });
      return false;
    } catch (error) {
      return error instanceof WorkflowUpdateFailedError;
    }
  };
  /** Whether there is an answer in time; one that says no is an answer. */
  const isAnswered = async (handle: WorkflowHandle, question: string, message: MalformedMessage): Promise<boolean> => {
    try {
      const asked = (): Promise<unknown> => handle.query<unknown, unknown[]>(question, ...wire(message));
      await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, asked);
      return true;
    } catch (error) {
      return error instanceof QueryNotRegisteredError;
    }
  };
  /** What the workflow says it has doors for. */
  const doorsOf = async (
    handle: WorkflowHandle,
  ): Promise<{ signals: string[]; updates: string[]; queries: string[] }> => {
    const metadata = await ask<Metadata>(handle, '__temporal_workflow_metadata');
    const { signalDefinitions, updateDefinitions, queryDefinitions } = metadata.definition;
    const names = (definitions: readonly Definition[] = []): string[] =>
      definitions.flatMap(({ name }) => (name.startsWith('__') ? [] : [name]));
    return { signals: names(signalDefinitions), updates: names(updateDefinitions), queries: names(queryDefinitions) };
  };

  for (const [type, { start, livesOn }] of Object.entries(WORKFLOWS)) {
    it(`${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type} neither changes nor stops, and takes what is valid within two seconds`, async () => {
      const handle = await start();
      const state = async (): Promise<unknown> => [await ask(handle, 'status'), await ask(handle, 'explain')];
      // It has come to its first wait when nothing of its state moves any more.
      let before = await state();
      await eventually(state, (now) => {
        const settled = JSON.stringify(now) === JSON.stringify(before);
        before = now;
        return settled;
      });
      const { signals, updates, queries } = await doorsOf(handle);
      assert.deepEqual(queries.sort(), ['explain', 'status']);
      const doors: Doors = DOORS[type as WorkflowKind];
      const namesOf = (messages: readonly AnyMessage[]): string[] => messages.map(({ name }) => name).sort();
      assert.deepEqual([signals.sort(), updates.sort()], [namesOf(doors.signals), namesOf(doors.updates)]);

      const others = MESSAGES.flatMap(({ name }) => (signals.includes(name) ? [] : [name]));
      for (const name of [...signals, ...UNKNOWN, ...others]) {
        const messages = signals.includes(name) ? malformed(messageOf(name)) : undecodable().slice(0, 4);
        for (const message of messages) await handle.signal(name, ...wire(message));
        // The server itself fails a task that finds more than a hundred signals, or two megabytes of them, waiting behind it.
        await ask(handle, 'status');
      }
      await handle.signal(signals[0] ?? 'nonsense', ...wire(HUGE));
      await ask(handle, 'status');

      for (const name of [...updates, 'nonsense'])
        for (const message of name === 'nonsense' ? undecodable() : malformed(messageOf(name)))
          assert.ok(await isRefused(handle, name, message), `${name}: ${message.title}`);

      for (const message of undecodable())
        for (const question of queries) assert.ok(await isAnswered(handle, question, message), message.title);
      assert.equal(await isAnswered(handle, 'nonsense', { title: 'nothing', payloads: [] }), true);
      // Arguments of an unknown question are decoded by the SDK before it looks for a door: nobody answers, and nothing else comes of it.
      if (type === 'rollout') await isAnswered(handle, 'nonsense', undecodable()[1]!);

      assert.deepEqual(await state(), before);
      const began = Date.now();
      await livesOn(handle);
      assert.ok(Date.now() - began < ANSWER_WITHIN_MS, `${Date.now() - began} ms`);
      assert.deepEqual(faultsOf(await historyOf(handle)), []);
    });
  }
});
