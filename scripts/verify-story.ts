/**
 * An independent audit of a run: `npm run verify:story -- --state-dir DIR [--summary out.json] [--model NAME]`. Recomputes from the
 * archived logs what each verdict rested on, and reads the gateways' ledgers; uses none of the gate's own code. Fails when a certificate has
 * the wrong sign or exposure rose without a recorded advance before it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { auditStory } from './verify-story/audit.ts';
import { auditInWords } from './verify-story/report.ts';
import { withRecords } from './verify-story/state.ts';
import { readStory } from './verify-story/story.ts';

const { values } = parseArgs({
  options: {
    'state-dir': { type: 'string', default: '.holdfast' },
    summary: { type: 'string' },
    model: { type: 'string' },
  },
});
const stateDir = resolve(values['state-dir']);
const summary: unknown = values.summary === undefined ? null : JSON.parse(readFileSync(values.summary, 'utf8'));

let failed = 0;
for (const model of values.model === undefined ? readdirSync(join(stateDir, 'request-log')) : [values.model]) {
  const story = await withRecords(stateDir, (client) => readStory(client, stateDir, model));
  const audit = await auditStory(story, stateDir, summary);
  console.log(auditInWords(audit));
  failed += audit.findings.filter(({ ok }) => !ok).length;
}
process.exitCode = failed === 0 ? 0 : 1;
