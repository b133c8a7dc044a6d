/** Reference pages of what an operator meets: messages, search attributes, counters. Shapes come from the schemas, examples from the samples. */
import { z } from 'zod';
import { DOORS } from '../../src/contracts/message-doors.ts';
import type { AnyMessage, Doors } from '../../src/contracts/message-doors.ts';
import { EXPLAIN_QUERY, STATUS_QUERY } from '../../src/contracts/messages.ts';
import { SAVED_VIEWS, SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes.ts';
import { GATEWAY_COUNTERS } from '../../src/contracts/serving.ts';
import { cell, GENERATED } from './fields.ts';
import type { JsonSchema } from './fields.ts';

const MESSAGES_HEAD = `# Messages

${GENERATED}

What may be told to a workflow and what it may be asked, by Temporal’s own means: client, web UI, \`temporal\` command line. Every message is one JSON object.
An **update** answers, and refuses with a reason what cannot be taken now; a **signal** is kept until a worker takes it, and one that cannot be taken changes nothing.
A **query** takes no input and changes nothing. \`?\` marks what may be left out. \`commandId\` makes a repeated order one order; \`reason\` is kept.

[Who may do what, and how](../guides/approve.md) · [the same over HTTP and by command](commands.md)`;

/** Every workflow with what it can be told and asked. */
export function messagesPage(): string {
  const kinds = Object.entries(DOORS).map(([kind, doors]) => workflowSection(kind, doors));
  return `${[MESSAGES_HEAD, ...kinds, messageSections()].join('\n\n')}\n`;
}

function workflowSection(kind: string, { id, about, startedBy, signals, updates, status }: Doors): string {
  const told = (['update', 'signal'] as const).flatMap((how) => {
    const messages = how === 'update' ? updates : signals;
    return messages.map(({ name }) => ({ name, how }));
  });
  const names = [...new Set(told.map(({ name }) => name))];
  const rows = names.map((name) => {
    const how = told.flatMap((one) => (one.name === name ? [one.how] : []));
    return `| [\`${name}\`](#${name.toLowerCase()}) | ${how.join(', ')} |`;
  });
  return [
    `## ${kind}`,
    `\`${id}\`. ${about}. Started by ${startedBy.startsWith('holdfast') ? `\`${startedBy}\`` : startedBy}, on task queue \`control\`.`,
    [
      '| message | as |',
      '|---|---|',
      ...rows,
      `| \`${STATUS_QUERY}\` | query. ${cell(status)} |`,
      `| \`${EXPLAIN_QUERY}\` | query. The same in words |`,
    ].join('\n'),
  ].join('\n\n');
}

function messageSections(): string {
  const all = Object.values(DOORS).flatMap(({ signals, updates }: Doors): AnyMessage[] => [...updates, ...signals]);
  const byName = new Map(all.map((message) => [message.name, message]));
  return ['## What each looks like', ...[...byName.values()].map(messageSection)].join('\n\n');
}

function messageSection({ name, description, schema, sample }: AnyMessage): string {
  const shape = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }) as JsonSchema;
  return [
    `### ${name}`,
    description,
    `Shape: \`${shapeOf(shape)}\``,
    `\`\`\`json\n${JSON.stringify(sample, null, 2)}\n\`\`\``,
  ].join('\n\n');
}

/** A schema in one line, as a person would write it down. */
export function shapeOf(schema: JsonSchema): string {
  const { properties, required = [], items, type } = schema;
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) return [...new Set(variants.map(shapeOf))].join(' | ');
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (properties !== undefined) {
    const fields = Object.entries(properties).map(
      ([name, field]) => `${name}${required.includes(name) ? '' : '?'}: ${shapeOf(field)}`,
    );
    return `{ ${fields.join(', ')} }`;
  }
  if (items !== undefined) {
    return Array.isArray(items)
      ? `[${(items as readonly JsonSchema[]).map(shapeOf).join(', ')}]`
      : `list of ${shapeOf(items as JsonSchema)}`;
  }
  // The first words of a meaning say the form where a type alone does not: a digest, an instant.
  const form = /SHA-256|ISO 8601/.exec(schema.description ?? '')?.[0];
  if (type === 'string') return form === undefined ? 'text' : form === 'SHA-256' ? 'sha-256' : 'ISO 8601';
  return type === 'integer' ? 'whole number' : (type ?? 'any');
}

const ATTRIBUTES_HEAD = `# Search attributes

${GENERATED}

Columns and filters of Temporal’s workflow list, the same for every workflow, written once for each change of state. \`npm start\` registers them; on a cluster
that is done once for a namespace, with the commands below ([on a cluster](../guides/run-on-a-cluster.md)).`;

/** Search attributes, saved views, and how both are installed. */
export function searchAttributesPage(): string {
  const rows = SEARCH_ATTRIBUTES.map(({ name, type, meaning }) => `| \`${name}\` | ${type} | ${cell(meaning)} |`);
  const views = SAVED_VIEWS.map(({ name, filter, meaning }) => `| ${name} | \`${cell(filter)}\` | ${cell(meaning)} |`);
  const commands = SEARCH_ATTRIBUTES.map(
    ({ name, type }) => `temporal operator search-attribute create --name ${name} --type ${type}`,
  );
  return `${[
    ATTRIBUTES_HEAD,
    ['| attribute | type | meaning |', '|---|---|---|', ...rows].join('\n'),
    `\`\`\`sh\n${commands.join('\n')}\n\`\`\``,
    '## Saved views',
    '`npx holdfast views` prints a link for each; opened once, it installs the view in that browser.',
    ['| view | filter | shows |', '|---|---|---|', ...views].join('\n'),
  ].join('\n\n')}\n`;
}

const COUNTERS_HEAD = `# Counters and logs

${GENERATED}

\`GET /metrics\` of a gateway answers JSON: \`{ gateway, memoryBytes, models: { MODEL: { … } } }\`, counted since the process began.`;

const LOGS = `## Logs

Every process of Holdfast writes one JSON line an event to standard output; the message (\`msg\`) is a constant, what varies is a field. \`npm start\` keeps them in \`logs\`
of the state folder. \`HOLDFAST_LOG_LEVEL\` sets the least important level that is written.

| field | meaning |
|---|---|
| \`level\` | \`trace\`, \`debug\`, \`info\`, \`warn\`, \`error\` |
| \`time\` | ISO 8601, UTC |
| \`component\`, \`pid\` | \`worker\`, \`gateway\` or \`http\`, and the process |
| \`msg\` | what happened |
| \`err\` | type, message, stack and cause of an error |
| \`sdkComponent\` | where in Temporal’s SDK a line comes from, if it does |
| \`workflowId\`, \`runId\`, \`workflowType\`, \`taskQueue\` | the run, in lines that workflows and activities write |
| \`activityType\`, \`activityId\`, \`attempt\` | the activity |`;

/** What a gateway counts and what the logs hold. */
export function countersPage(): string {
  const rows = Object.entries(GATEWAY_COUNTERS).map(([name, meaning]) => `| \`${name}\` | ${cell(meaning)} |`);
  return `${[COUNTERS_HEAD, ['| counter | meaning |', '|---|---|', ...rows].join('\n'), LOGS].join('\n\n')}\n`;
}
