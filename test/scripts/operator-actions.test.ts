import assert from 'node:assert/strict';
import { OPERATOR_ACTIONS } from '../../scripts/reference/operator-actions.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import * as evidence from '../../src/client/evidence.ts';
import * as rollout from '../../src/client/rollout.ts';
import { COMMANDS as MESSAGES, recordEvidenceMessage } from '../../src/contracts/messages.ts';
import { COMMANDS as PATHS } from '../../src/http/rollout.ts';

describe('the list of what a person may do to a rollout', () => {
  it('names an update, a signal or why there is none, a command, a call and a path, each of which exists', () => {
    const messages = new Set<string>([...MESSAGES.map(({ name }) => name), recordEvidenceMessage.name]);
    for (const { update, signal, withoutSignal, cli, client, http } of OPERATOR_ACTIONS) {
      assert.ok(messages.has(update), update);
      assert.ok(signal === null ? withoutSignal !== undefined : messages.has(signal), update);
      const [noun = '', verb = ''] = cli.split(' ');
      const entry = COMMANDS[noun];
      assert.ok(entry !== undefined && (verb === '' || ('verbs' in entry && verb in entry.verbs)), cli);
      assert.ok(client in rollout || client in evidence, client);
      assert.ok(Object.hasOwn(PATHS, http) || http === 'evidence', http);
    }
  });

  it('leaves out no message that workflows take from people', () => {
    const listed = new Set(OPERATOR_ACTIONS.map(({ update }) => update));
    assert.deepEqual(
      MESSAGES.map(({ name }) => name).filter((name) => !listed.has(name)),
      [],
    );
  });
});
