/** The pages that are written from code: what a reader finds there is what the code does. */
import { z } from 'zod';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runCli } from '../../src/cli/program.ts';
import { TEMPORAL_VARIABLES } from '../../src/client/connect.ts';
import { VARIABLES } from '../../src/config.ts';
import { ERRORS, EXIT_CODES } from '../../src/contracts/errors.ts';
import { gatePolicyFileSchema } from '../../src/contracts/gate-policy.ts';
import { modelFileSchema } from '../../src/contracts/model.ts';
import { PROCESSES } from '../../src/http/processes.ts';
import { STATISTICAL_PRESETS } from '../../src/domain/rollout/presets.ts';
import { recipeOptions } from '../../src/domain/learning/recipe.ts';
import { cell, fieldsPage, GENERATED } from './fields.ts';
import type { JsonSchema } from './fields.ts';
import { OPERATOR_ACTIONS } from './operator-actions.ts';
import type { OperatorAction } from './operator-actions.ts';
import { countersPage, messagesPage, searchAttributesPage } from './operating-pages.ts';

/** Every generated file, by its path in the repository. */
export async function referenceFiles(): Promise<Map<string, string>> {
  return new Map([
    ['schemas/model.schema.json', `${JSON.stringify(modelJsonSchema(), null, 2)}\n`],
    ['schemas/gate-policy.schema.json', `${JSON.stringify(gatePolicyJsonSchema(), null, 2)}\n`],
    ['docs/reference/model-file.md', modelPage()],
    ['docs/reference/gate-policy.md', gatePolicyPage()],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/settings.md', settingsPage()],
    ['docs/reference/operator-actions.md', operatorActionsPage()],
    ['docs/reference/commands.md', await commandsPage()],
    ['docs/reference/messages.md', messagesPage()],
    ['docs/reference/search-attributes.md', searchAttributesPage()],
    ['docs/reference/counters.md', countersPage()],
  ]);
}

/** The published schema of a model file: draft 7, which editors understand. Rules between fields are `holdfast validate`'s. */
export function modelJsonSchema(): JsonSchema {
  const generated = z.toJSONSchema(modelFileSchema, { io: 'input', target: 'draft-7' }) as JsonSchema;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Holdfast model file',
    description: 'The production life of one model. Rules between fields are judged by `holdfast validate`.',
    ...generated,
  };
}

/** The published schema of a gate policy. */
export function gatePolicyJsonSchema(): JsonSchema {
  const generated = z.toJSONSchema(gatePolicyFileSchema, { io: 'input', target: 'draft-7' }) as JsonSchema;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Holdfast gate policy',
    description: 'What a gate judges by. Rules between fields are judged by the `holdfast gate` commands.',
    ...generated,
  };
}

const GATE_POLICY_HEAD = `# The gate policy

${GENERATED}

One YAML (or JSON) file says what \`holdfast gate analyze\`, \`plan\` and \`simulate\` judge by; every field is here with its form, its
default and its meaning. Faults are told with line and column. The shortest file that can promote is one stream:

\`\`\`yaml
# yaml-language-server: $schema=../schemas/gate-policy.schema.json
streams:
  - { id: failed, kind: difference, safeMargin: 0.01 }
\`\`\`

[Judge a past experiment](../guides/judge-a-past-experiment.md) uses one; [the gate](../concepts/gate.md) says what the numbers promise.`;

const gatePolicyPage = (): string =>
  `${GATE_POLICY_HEAD}\n\n${fieldsPage(gatePolicyJsonSchema())}\n\n${presetsSection('preset')}\n`;

const MODEL_HEAD = `# The model file

${GENERATED}

One YAML file declares a model; every field is here with its form, its default and its meaning. \`holdfast validate <file>\` judges a file,
the rules between fields included, and reads it back in sentences. Editors complete and check a file whose first line is
\`# yaml-language-server: $schema=../schemas/model.schema.json\` by [the schema](../../schemas/model.schema.json).
[Bring your own model](../guides/bring-your-own-model.md) writes a first file step by step.`;

const modelPage = (): string =>
  `${MODEL_HEAD}\n\n${fieldsPage(modelJsonSchema())}\n\n${trainerSections()}\n\n${presetsSection('rollout.preset')}\n`;

function trainerSections(): string {
  return Object.entries(recipeOptions)
    .map(([trainer, options]) => {
      const rows = Object.entries(options).map(([name, { default: preset, min, max, integer, meaning }]) => {
        const form = `${integer ? 'whole number' : 'number'}, ${min.toLocaleString('en', PRECISE)} to ${max.toLocaleString('en', PRECISE)}`;
        return `| \`${name}\` | ${form} | \`${preset}\` | ${cell(meaning)} |`;
      });
      const table = ['| option | form | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
      return `## Options of \`${trainer}\`\n\n${table}`;
    })
    .join('\n\n');
}

const PRECISE = { maximumFractionDigits: 20 } as const;

function presetsSection(field: string): string {
  const settings = ['alpha', 'beta', 'alphaHold', 'alphaSrm', 'restartEvery'] as const;
  const rows = Object.entries(STATISTICAL_PRESETS).map(
    ([name, preset]) => `| \`${name}\` | ${settings.map((setting) => preset[setting]).join(' | ')} |`,
  );
  return [
    '## Presets',
    '',
    `What \`${field}\` stands for: \`alpha\`, the chance over all looks to roll back a candidate that does no harm; \`beta\`, the chance to widen`,
    'one that is worse than the margin; `alphaHold`, the level of suspicion that holds; `alphaSrm`, the level at which a split is called broken;',
    '`restartEvery`, the cohorts after which the watch for late harm starts afresh.',
    '',
    `| preset | ${settings.join(' | ')} |`,
    `|---|${settings.map(() => '---').join('|')}|`,
    ...rows,
  ].join('\n');
}

function errorsPage(): string {
  const entries = Object.entries(ERRORS).map(
    ([code, { kind, exit, meaning, remedy }]) =>
      `## ${code}\n\n${meaning}\n\n*What to do:* ${remedy}.\n\n\`${kind}\`, exit code ${EXIT_CODES[exit].code}`,
  );
  const head = [
    '# Errors',
    GENERATED,
    'Every error has a code, a kind, a message that names the field and the value, and a remedy. `terminal`: no retry can help. `retryable`: the\nsame call may succeed later. `not-yet`: expected waiting. Codes are never given a second meaning.',
  ].join('\n\n');
  return `${head}\n\n${entries.join('\n\n')}\n`;
}

function operatorActionsPage(): string {
  const without = OPERATOR_ACTIONS.flatMap(({ action, withoutSignal }) =>
    withoutSignal === undefined ? [] : [`To ${action} there is no signal: ${withoutSignal}.`],
  );
  const about =
    'What a person may do, and how. Every way has the same outcome: a test drives each action once by each of them. An update and a command\n' +
    'answer whether the order was taken; a signal answers nothing. Names are claims everywhere but over HTTP with a token.';
  const sections = Object.entries(PROCESSES).flatMap(([place, { kind }]) => [
    `## To ${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`,
    `Over HTTP: \`POST /v1/${place}/{id}/…\`.`,
    operatorActionsTable(OPERATOR_ACTIONS.filter(({ process }) => process === kind)),
  ]);
  return `${['# What a person may do', GENERATED, about, ...sections, ...without].join('\n\n')}\n`;
}

function operatorActionsTable(actions: readonly OperatorAction[]): string {
  const code = (text: string): string => `\`${text}\``;
  const rows = actions.map(({ action, effect, update, signal, cli, client, http }) => [
    `**${action}**: ${effect}`,
    code(update),
    signal === null ? 'none' : code(signal),
    code(`holdfast ${cli}`),
    code(client),
    code(`POST …/${http}`),
  ]);
  const head = ['action', 'update in the web UI', 'signal in the web UI', 'command line', 'client', 'HTTP'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function settingsPage(): string {
  const rows = VARIABLES.map(({ name, meaning }) => `| \`${name}\` | ${cell(meaning)} |`);
  const table = ['| variable | meaning |', '|---|---|', ...rows].join('\n');
  const about =
    'Environment variables, read once when a process starts. An unknown `HOLDFAST_…` variable or a value that is not allowed stops it with\n' +
    '[CONFIG_INVALID](errors.md#config_invalid).';
  const temporal = TEMPORAL_VARIABLES.map(({ name, meaning }) => `| \`${name}\` | ${cell(meaning)} |`);
  const parts = [
    about,
    table,
    '## Temporal',
    'Connections to Temporal are set by Temporal’s own variables, for worker, HTTP edge and command line alike.',
    ['| variable | meaning |', '|---|---|', ...temporal].join('\n'),
  ];
  return `${['# Settings', GENERATED, ...parts].join('\n\n')}\n`;
}

/** Why one command alone has names typed: the others have them typed as what they are about. */
const DANGEROUS =
  'What cannot be taken back, or exposes somebody, has typed what it is about, and nothing is asked twice: an order to a process takes its ' +
  'whole id, in which the model is named, with who and why; an approval takes the digest of its evidence as well; a rollback is never ' +
  'harder to give than that. `reset`, which names nothing by itself, takes the names of the models that it forgets. `--dry-run` says of ' +
  'each what would happen.';

async function commandsPage(): Promise<string> {
  const sections: string[] = [];
  for (const [name, entry] of Object.entries(COMMANDS)) {
    sections.push(await commandSection([name], entry.summary));
    for (const [verb, { summary }] of Object.entries('verbs' in entry ? entry.verbs : {}))
      sections.push(await commandSection([name, verb], summary));
  }
  const codes = Object.entries(EXIT_CODES).map(([name, { code, meaning }]) => `| ${code} | ${name} | ${meaning} |`);
  const head = [
    '# Commands',
    GENERATED,
    '`--json` makes any command print one JSON document on standard output.',
    DANGEROUS,
  ];
  const table = ['## Exit codes', '', '| code | name | meaning |', '|---|---|---|', ...codes].join('\n');
  return `${[...head, ...sections, table].join('\n\n')}\n`;
}

async function commandSection(words: readonly string[], summary: string): Promise<string> {
  return `## ${words.join(' ')}\n\n${summary}.\n\n\`\`\`text\n${(await helpOf(words)).trimEnd()}\n\`\`\``;
}

async function helpOf(words: readonly string[]): Promise<string> {
  let text = '';
  await runCli([...words, '--help'], COMMANDS, {
    stdout: (part) => void (text += part),
    stderr: () => undefined,
    color: false,
    canRedraw: false,
    screen: null,
  });
  return text;
}
