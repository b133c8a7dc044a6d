import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { OPERATOR_ACTIONS } from '../../scripts/reference/operator-actions.ts';
import { createVegaRenderer } from '../../src/adapters/chart-renderer/vega.ts';
import { createEdgeRecords } from '../../src/adapters/record-store/edge-records.ts';
import { recordStores } from '../../src/adapters/record-store/index.ts';
import type { RecordStore } from '../../src/adapters/record-store/port.ts';
import * as client from '../../src/client/incident.ts';
import type { CommandRecord } from '../../src/contracts/records.ts';
import { openCase } from '../../src/domain/monitoring/case-words.ts';
import { createPages } from '../../src/http/pages.ts';
import { startEdge } from '../../src/http/server.ts';
import type { Edge } from '../../src/http/server.ts';
import { readTokens } from '../../src/http/tokens.ts';
import { captured } from '../cli/captured.ts';
import { startIncidentStories } from '../incident-stories.ts';
import type { IncidentStories, IncidentStory } from '../incident-stories.ts';
import { freshDatabase } from '../postgres-server.ts';
import { eventually } from '../workflows/stage-run.ts';

const ACTIONS = OPERATOR_ACTIONS.filter(({ process: kind }) => kind === 'incident');
const WAYS = ['signal', 'update', 'cli', 'client', 'http'] as const;
const CALLS = new Map(Object.entries(client) as Array<[string, typeof client.acceptCase]>);
const SIGNED = { by: 'eve', reason: 'seen enough' } as const;
const AS_EVE = ['--as', SIGNED.by, '--reason', SIGNED.reason];
const TOKEN = 'token-of-eve';

describe('words on the case of an incident', function () {
  this.timeout(60_000);
  let records: RecordStore;
  let stories: IncidentStories;
  let claims: Edge;
  let guarded: Edge;

  before(async () => {
    const postgresUrl = await freshDatabase();
    records = await recordStores.postgres.create({ url: postgresUrl, connectionsMax: 10 });
    await records.migrate();
    stories = await startIncidentStories(records);
    process.env['TEMPORAL_ADDRESS'] = stories.run.address;
    process.env['HOLDFAST_POSTGRES_URL'] = postgresUrl;
    const whole = createEdgeRecords(records);
    const behind = { client: stories.client, records: whole, pages: createPages(whole, createVegaRenderer()) };
    const edge = (httpTokens: string[] | undefined): Promise<Edge> => {
      const tokens = readTokens({ httpTokens, httpTokensFile: undefined });
      return startEdge({ host: '127.0.0.1', port: 0, tokens, behind: () => behind });
    };
    claims = await edge(undefined);
    guarded = await edge([`eve:${createHash('sha256').update(TOKEN).digest('hex')}`]);
  });
  after(async () => {
    delete process.env['TEMPORAL_ADDRESS'];
    delete process.env['HOLDFAST_POSTGRES_URL'];
    await Promise.all([claims.close(), guarded.close()]);
    await stories.stop();
    await records.close();
  });

  const proposing = async (model: string): Promise<IncidentStory> => {
    const story = await stories.begin(model, { newCases: { role: 'reviewer', within: 'P3D' } });
    await story.propose();
    return story;
  };
  const post = async (edge: Edge, path: string, body: object, headers = {}) => {
    const url = `${edge.url}/v1/incidents/${path}`;
    const type = { 'content-type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers: { ...type, ...headers }, body: JSON.stringify(body) });
    return {
      status: answer.status,
      body: (await answer.json()) as Record<string, unknown> & { error: { code: string; message: string } },
    };
  };
  const logOf = (model: string): Promise<CommandRecord[]> =>
    records.transaction(model, async (tx) => (await tx.list('command')).map(({ body }) => body));

  const by: Readonly<
    Record<(typeof WAYS)[number], (story: IncidentStory, action: (typeof ACTIONS)[number]) => Promise<unknown>>
  > = {
    signal: ({ handle }, { signal }) => handle.signal(signal ?? '', SIGNED),
    update: ({ handle }, { update }) => handle.executeUpdate(update, { args: [SIGNED] }),
    cli: async ({ incidentId }, { cli }) => {
      const { exitCode, stdout, stderr } = await captured([...cli.split(' '), incidentId, ...AS_EVE]);
      assert.equal(exitCode, 0, stdout + stderr);
    },
    client: async ({ incidentId }, { client: call }) => {
      const reply = await CALLS.get(call)!(stories.client, incidentId, { ...SIGNED, channel: 'client' });
      assert.equal(reply.accepted, true, reply.message);
    },
    http: async ({ incidentId }, { http }) =>
      assert.equal((await post(claims, `${incidentId}/${http}`, SIGNED)).status, 200),
  };

  for (const action of ACTIONS)
    it(`have the same outcome by signal, update, command line, client and HTTP: ${action.action}`, async () => {
      const became = await Promise.all(
        WAYS.map(async (way) => {
          const story = await proposing(`${action.update.toLowerCase()}-by-${way}`);
          await by[way](story, action);
          const reason = await story.handle.result();
          const { verdict, by: name, reason: why } = (await story.proposedCase())!.word!;
          return { reason, verdict, name, why, entered: (await story.suiteCase())?.id ?? null };
        }),
      );
      assert.match(
        String(became[0]?.reason),
        new RegExp(`; its case was ${action.update.replace('Case', '')}e?d by eve`),
      );
      for (const one of became) assert.deepEqual(one, became[0]);
    });

  it('are planned by a dry run, taken once, and refused with exit code 6 and the reason', async () => {
    const story = await proposing('typed');
    const { incidentId } = story;
    const accept = (...more: string[]) => captured(['case', 'accept', incidentId, ...more]);
    const dry = await accept('--max-regression', '2', '--dry-run', ...AS_EVE);
    assert.equal(dry.exitCode, 0);
    assert.match(dry.stdout, /^dry run: nothing was changed\n.*\nnow {8}incident-2001-01-05-1 waits: rows where/);
    assert.match(dry.stdout, /would be taken: accepted by eve: seen enough/);
    const wrongDry = await accept('--dry-run', '--as', 'ben', '--reason', 'why not');
    assert.equal(wrongDry.exitCode, 6);
    assert.notEqual(openCase((await story.status()).newCase), null);
    const wrong = await accept('--json', '--as', 'ben', '--reason', 'why not');
    assert.equal(wrong.exitCode, 6);
    assert.equal(
      (JSON.parse(wrong.stdout) as { message: string }).message,
      'ben does not hold role reviewer; these do: ana, eve',
    );
    for (const [flag, value, range] of [
      ['--max-regression', 'few', 'a number from 0 to 1000'],
      ['--min-units', '0', 'a whole number from 1 on'],
    ] as const) {
      const { exitCode, stderr } = await accept(flag, value, ...AS_EVE);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, new RegExp(`${flag} is "${value}"; give ${range}`));
    }
    const taken = await accept('--max-regression', '2', '--min-units', '50', ...AS_EVE);
    assert.deepEqual([taken.exitCode, taken.stdout], [0, 'taken: accepted by eve: seen enough\n']);
    await story.handle.result();
    const { maxRegressionPerThousand, minUnits } = (await story.suiteCase())!;
    assert.deepEqual([maxRegressionPerThousand, minUnits], [2, 50]);
    const again = await accept('--max-regression', '2', '--min-units', '50', ...AS_EVE);
    assert.equal(again.stdout, taken.stdout);
    assert.deepEqual(
      (await logOf('typed'))
        .map(({ command, target, by: name, channel }) => `${command} ${target} ${name} ${channel}`)
        .sort(),
      [`acceptCase ${incidentId} ben cli`, `acceptCase ${incidentId} eve cli`],
    );
    const other = await captured(['case', 'accept', 'rollout/shop/00000000-1', ...AS_EVE, '--dry-run']);
    assert.match(other.stderr, /is not the id of an incident/);
  });

  it('over HTTP are those of the token, refused with 409, and each attempt is in the log', async () => {
    const { incidentId, handle } = await proposing('guarded');
    const headers = { authorization: `Bearer ${TOKEN}` };
    const short = incidentId.replace('incident/', '');
    const shown = await fetch(`${guarded.url}/v1/incidents/${short}`, { headers });
    const { inWords, newCase } = (await shown.json()) as { inWords: string; newCase: { proposal: { role: string } } };
    assert.deepEqual([shown.status, newCase.proposal.role], [200, 'reviewer'], inWords);
    assert.equal((await post(guarded, `${short}/acceptCase`, SIGNED)).status, 401);
    const asBen = await post(guarded, `${short}/acceptCase`, { ...SIGNED, by: 'ben' }, headers);
    assert.deepEqual([asBen.status, asBen.body.error.code], [403, 'NAME_NOT_AUTHENTICATED']);
    const claimed = await post(claims, `${short}/acceptCase`, { ...SIGNED, by: 'ben' });
    assert.deepEqual([claimed.status, claimed.body.error.code], [409, 'COMMAND_REFUSED']);
    const wrong = await post(guarded, `${short}/acceptCase`, { reason: 'x', minUnits: 0 }, headers);
    assert.deepEqual([wrong.status, wrong.body.error.code], [400, 'REQUEST_INVALID']);
    const unknown = await post(guarded, `${short}/rollback`, SIGNED, headers);
    assert.deepEqual([unknown.status, unknown.body.error.code], [404, 'ROUTE_UNKNOWN']);
    const taken = await post(guarded, `${short}/declineCase`, { reason: 'a test of ours' }, headers);
    assert.deepEqual([taken.status, taken.body['authenticatedAs'], taken.body['incidentId']], [200, 'eve', incidentId]);
    assert.deepEqual(await post(guarded, `${short}/declineCase`, { reason: 'a test of ours' }, headers), taken);
    await handle.result();
    assert.deepEqual(
      (await logOf('guarded'))
        .map(({ command, by: name, authenticatedAs }) => `${command} ${name} ${authenticatedAs ?? 'claimed'}`)
        .sort(),
      ['acceptCase ben claimed', 'declineCase eve eve'],
    );
  });

  it('are found with the command to say them, and told on the page of evidence', async () => {
    const { incidentId, handle } = await proposing('told');
    const listed = await eventually(
      () => captured(['inbox', 'told', '--as', 'eve']),
      ({ stdout }) => stdout.includes(incidentId),
    );
    assert.match(
      listed.stdout,
      new RegExp(
        `> npx holdfast case accept ${incidentId} --as eve --reason "…"\\n {3}or npx holdfast case decline ${incidentId} --as eve`,
      ),
    );
    const page = async (): Promise<{ facts: Array<{ label: string; value: string }> }> => {
      const { stdout } = await captured(['report', incidentId, '--json']);
      return (JSON.parse(stdout) as { report: { facts: Array<{ label: string; value: string }> } }).report;
    };
    const left = async (): Promise<string | undefined> =>
      (await page()).facts.find(({ label }) => label === 'Validation case left behind')?.value;
    assert.equal(await left(), 'incident-2001-01-05-1 waits for a word of reviewer');
    await handle.executeUpdate('declineCase', { args: [{ by: 'ana', reason: 'switched off by hand' }] });
    await handle.result();
    assert.equal(await left(), 'incident-2001-01-05-1 declined by ana: switched off by hand');
    const word = (await page()).facts.find(({ label }) => label === 'Word')?.value;
    assert.match(word ?? '', /^by ana, ui, \d{4}-/);
  });
});
