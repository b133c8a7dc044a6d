import assert from 'node:assert/strict';
import { OPERATOR_ACTIONS } from '../../scripts/reference/operator-actions.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import * as evidence from '../../src/client/evidence.ts';
import * as incident from '../../src/client/incident.ts';
import * as labeling from '../../src/client/labeling.ts';
import * as rollout from '../../src/client/rollout.ts';
import { DOORS } from '../../src/contracts/message-doors.ts';
import type { Doors } from '../../src/contracts/message-doors.ts';
import type { WorkflowKind } from '../../src/contracts/names.ts';
import { PROCESSES } from '../../src/http/processes.ts';

/** What the client can do to each kind of process that takes orders of people. */
const CALLS: Partial<Record<WorkflowKind, object>> = {
  rollout: { ...rollout, ...evidence },
  incident,
  campaign: labeling,
};

const updatesOf = (kind: WorkflowKind): string[] => (DOORS[kind] as Doors).updates.map(({ name }) => name);
const signalsOf = (kind: WorkflowKind): string[] => (DOORS[kind] as Doors).signals.map(({ name }) => name);

describe('the list of what a person may do', () => {
  it('names an update, a signal or why there is none, a command, a call and a path, each of which exists', () => {
    for (const { process, update, signal, withoutSignal, cli, client, http } of OPERATOR_ACTIONS) {
      assert.ok(updatesOf(process).includes(update), update);
      assert.ok(signal === null ? withoutSignal !== undefined : signalsOf(process).includes(signal), update);
      const [noun = '', verb = ''] = cli.split(' ');
      const entry = COMMANDS[noun];
      assert.ok(entry !== undefined && (verb === '' || ('verbs' in entry && verb in entry.verbs)), cli);
      assert.ok(client in (CALLS[process] ?? {}), client);
      const paths = Object.values(PROCESSES).find(({ kind }) => kind === process)?.commands ?? {};
      assert.ok(Object.hasOwn(paths, http) || http === 'evidence', http);
    }
  });

  it('leaves out no message that workflows take from people', () => {
    const listed = OPERATOR_ACTIONS.map(({ process, update }) => `${process} ${update}`);
    const taken = (Object.keys(DOORS) as WorkflowKind[]).flatMap((kind) =>
      updatesOf(kind).map((update) => `${kind} ${update}`),
    );
    assert.deepEqual(listed.sort(), taken.sort());
  });
});
