import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { TEMPORAL_VARIABLES } from '../../src/client/connect.ts';
import { readConfig, VARIABLES } from '../../src/config.ts';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly volumes?: readonly string[];
}

const text = readFileSync('docker-compose.yml', 'utf8');
const file = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(file.services);
const ours = services.filter(([, { build }]) => build !== undefined);

describe('the compose file', () => {
  it('starts a service after services that exist, on a condition they can meet', () => {
    for (const [name, { depends_on: needs }] of services) {
      for (const [needed, { condition }] of Object.entries(needs ?? {})) {
        const service = file.services[needed];
        assert.ok(service !== undefined, `${name} needs ${needed}`);
        const runsOnce = service.restart?.startsWith('on-failure') === true;
        if (condition === 'service_healthy')
          assert.ok(service.healthcheck !== undefined, `${needed} has no health check`);
        else
          assert.deepEqual([condition, runsOnce], ['service_completed_successfully', true], `${name} needs ${needed}`);
      }
    }
  });

  it('has no circle of services that wait for each other', () => {
    const settled = new Set<string>();
    for (let before = -1; before !== settled.size;) {
      before = settled.size;
      for (const [name, { depends_on: needs = {} }] of services)
        if (Object.keys(needs).every((needed) => settled.has(needed))) settled.add(name);
    }
    assert.deepEqual(new Set(services.map(([name]) => name)), settled);
  });

  it('publishes no port twice, and each on this machine only', () => {
    const published = services.flatMap(([, { ports = [] }]) => ports);
    const hosts = published.map((port) => port.split(':').slice(0, 2).join(':'));
    assert.deepEqual(hosts, [...new Set(hosts)]);
    for (const host of hosts) assert.match(host, /^127\.0\.0\.1:\d+$/);
  });

  it('declares every volume it names, and names every volume it declares', () => {
    const named = services
      .flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''))
      .filter((volume) => !volume.startsWith('.'));
    assert.deepEqual(new Set(named), new Set(Object.keys(file.volumes)));
  });

  it('pins every image to a version', () => {
    for (const [name, { image }] of services) assert.match(image ?? '', /:\d/, name);
  });

  it('sets only variables that the processes read, to values they take', () => {
    const known = new Set<string>([...VARIABLES, ...TEMPORAL_VARIABLES].map(({ name }) => name));
    for (const [name, { environment = {} }] of ours) {
      assert.deepEqual(
        Object.keys(environment).filter((variable) => !known.has(variable)),
        [],
        name,
      );
      readConfig(Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, withPassword(value)])));
    }
  });

  it('runs modules that are there', () => {
    for (const [name, { command = [] }] of ours)
      assert.ok(existsSync((command[0] ?? '').replace(/^dist\/(.*)\.js$/, '$1.ts')), name);
  });

  it('creates every search attribute that workflows set, each with its type', () => {
    const created = [...text.matchAll(/^ +attribute (\w+) (\w+)$/gm)].map(([, name, type]) => ({ name, type }));
    assert.deepEqual(
      created,
      SEARCH_ATTRIBUTES.map(({ name, type }) => ({ name, type })),
    );
  });

  it('lets nobody speak over HTTP whose token was not named, and listens to other machines only with tokens', () => {
    const { environment = {} } = file.services['http'] ?? {};
    assert.equal(environment['HOLDFAST_HTTP_HOST'], '0.0.0.0');
    assert.match(environment['HOLDFAST_HTTP_TOKENS'] ?? '', /^\$\{HTTP_TOKENS:\?/);
  });

  it('asks for the password instead of having one', () => {
    assert.doesNotMatch(text, /PASSWORD: (?!\$\{)/);
    for (const [use] of text.matchAll(/\$\{POSTGRES_PASSWORD[^}]*\}/g)) assert.match(use, /:\?/);
  });
});

const withPassword = (value: string): string =>
  value
    .replaceAll(/\$\{POSTGRES_PASSWORD[^}]*\}/g, 'secret')
    .replaceAll(/\$\{HTTP_TOKENS[^}]*\}/g, `ana:${'0'.repeat(64)}`);
