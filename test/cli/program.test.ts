import assert from 'node:assert/strict';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { CommandEntry, CommandResult, CommandTable } from '../../src/cli/command.ts';
import { EXIT_CODES, HoldfastError } from '../../src/contracts/errors.ts';
import { runCli } from '../../src/cli/program.ts';
import { captured } from './captured.ts';

const speaking = (run: () => Promise<CommandResult>, loaded: string[] = [], name = 'ask'): CommandEntry => ({
  summary: 'Ask something',
  examples: ['ask'],
  load: async () => {
    loaded.push(name);
    return {
      command: {
        declare: (command) => void command.argument('[word]').option('--loud'),
        run: async ({ progress }) => {
          progress('asking');
          return run();
        },
      },
    };
  },
});

const answer: CommandResult = { exit: 'ok', document: { answer: 42 }, text: 'the answer is 42' };

describe('the command line', () => {
  it('lists every command and every exit code in its help', async () => {
    const { exitCode, stdout, stderr } = await captured(['--help']);
    assert.equal(exitCode, 0);
    assert.equal(stderr, '');
    // Long summaries are wrapped.
    const words = stdout.replaceAll(/\s+/g, ' ');
    for (const [name, { summary }] of Object.entries(COMMANDS)) {
      assert.ok(words.includes(` ${name}`) && words.includes(` ${summary}`), name);
    }
    for (const { code, meaning } of Object.values(EXIT_CODES)) assert.ok(stdout.includes(`${code}  ${meaning}`));
  });

  it('loads the module of the command asked for and no other', async () => {
    const loaded: string[] = [];
    const table = {
      ask: speaking(async () => answer, loaded, 'ask'),
      tell: speaking(async () => answer, loaded, 'tell'),
    };
    await captured(['--help'], table);
    assert.deepEqual(loaded, []);
    await captured(['ask'], table);
    assert.deepEqual(loaded, ['ask']);
  });

  it('shows arguments, options and examples in the help of a command', async () => {
    for (const argv of [
      ['ask', '--help'],
      ['help', 'ask'],
    ]) {
      const { exitCode, stdout } = await captured(argv, { ask: speaking(async () => answer) });
      assert.equal(exitCode, 0);
      assert.match(stdout, /Usage: holdfast ask \[options\] \[word\]/);
      assert.match(stdout, /--loud/);
      assert.match(stdout, /Examples:\n {2}\$ holdfast ask/);
    }
  });

  it('prints the text of a result and what it says on the way to standard output', async () => {
    const { exitCode, stdout, stderr } = await captured(['ask'], { ask: speaking(async () => answer) });
    assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 0, stdout: 'asking\nthe answer is 42\n', stderr: '' });
  });

  for (const argv of [
    ['ask', '--json'],
    ['--json', 'ask'],
  ])
    it(`prints one document on standard output and messages on standard error: ${argv.join(' ')}`, async () => {
      const { stdout, stderr } = await captured(argv, { ask: speaking(async () => answer) });
      assert.deepEqual(JSON.parse(stdout), { answer: 42 });
      assert.equal(stderr, 'asking\n');
    });

  for (const [exit, { code }] of Object.entries(EXIT_CODES))
    it(`exits with ${code} when a command ends "${exit}"`, async () => {
      const result = { ...answer, exit: exit as keyof typeof EXIT_CODES };
      assert.equal((await captured(['ask'], { ask: speaking(async () => result) })).exitCode, code);
    });

  it('renders a failure with its code and remedy, and as a document under --json', async () => {
    const failing = speaking(async () => {
      throw new HoldfastError('MODEL_FILE_NOT_FOUND', 'there is no file at "x"', { details: { path: 'x' } });
    });
    const plain = await captured(['ask'], { ask: failing });
    assert.equal(plain.exitCode, 1);
    assert.match(plain.stderr, /^there is no file at "x"\nerror MODEL_FILE_NOT_FOUND Give the path of a YAML file/);
    const { error } = JSON.parse((await captured(['ask', '--json'], { ask: failing })).stdout) as {
      error: Record<string, unknown>;
    };
    assert.deepEqual(Object.keys(error), ['code', 'kind', 'message', 'remedy', 'details']);
    assert.deepEqual(error['details'], { path: 'x' });
  });

  for (const argv of [
    ['ask', '--no-color'],
    ['--no-color', 'ask'],
  ])
    it(`prints without colours when told to: ${argv.join(' ')}`, async () => {
      let written = '';
      const failing = speaking(async () => {
        throw new HoldfastError('MODEL_FILE_NOT_FOUND', 'there is no file');
      });
      const terminal = {
        stdout: () => undefined,
        stderr: (text: string) => void (written += text),
        color: true,
        canRedraw: false,
        screen: null,
      };
      await runCli(['ask'], { ask: failing }, terminal);
      assert.ok(written.includes('\u001b['));
      written = '';
      await runCli(argv, { ask: failing }, terminal);
      assert.ok(!written.includes('\u001b[') && written.includes('error MODEL_FILE_NOT_FOUND'));
    });

  it('calls a defect a defect', async () => {
    const broken = speaking(async () => {
      throw new TypeError('x is not a function');
    });
    const { exitCode, stderr } = await captured(['ask'], { ask: broken });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^TypeError: x is not a function\nerror CLI_INTERNAL/);
  });

  const nouns = (loaded: string[] = []): CommandTable => ({
    word: {
      summary: 'Words',
      verbs: {
        ask: speaking(async () => answer, loaded, 'ask'),
        tell: speaking(async () => answer, loaded, 'tell'),
      },
    },
    ask: speaking(async () => answer, loaded, 'top'),
  });

  it('runs a verb of a noun, and loads no other', async () => {
    const loaded: string[] = [];
    const { exitCode, stdout } = await captured(['word', 'ask', '--json'], nouns(loaded));
    assert.equal(exitCode, 0);
    assert.deepEqual(JSON.parse(stdout), { answer: 42 });
    assert.deepEqual(loaded, ['ask']);
  });

  for (const argv of [
    ['word', 'tell', '--help'],
    ['word', 'help', 'tell'],
    ['help', 'word', 'tell'],
  ])
    it(`shows the help of a verb of a noun: ${argv.join(' ')}`, async () => {
      const { exitCode, stdout } = await captured(argv, nouns());
      assert.equal(exitCode, 0);
      assert.match(stdout, /Usage: holdfast word tell \[options\] \[word\]/);
      assert.match(stdout, /--loud/);
    });

  it('lists the verbs of a noun and loads none of them', async () => {
    const loaded: string[] = [];
    for (const argv of [
      ['word', '--help'],
      ['help', 'word'],
    ]) {
      const { exitCode, stdout } = await captured(argv, nouns(loaded));
      assert.equal(exitCode, 0);
      assert.match(stdout, /Usage: holdfast word <verb>[^]* ask [^]* tell /);
    }
    assert.deepEqual(loaded, []);
  });

  for (const [title, argv, message] of [
    ['suggests the verb that was meant', ['word', 'aks'], /unknown command 'aks' \(Did you mean ask\?\)/],
    ['asks for the verb where there is none', ['word'], /no command was given/],
  ] as const)
    it(`${title} of a noun, exit 2`, async () => {
      const { exitCode, stderr } = await captured(argv, nouns());
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    });

  for (const [title, argv, message] of [
    ['suggests the command that was meant', ['valdate'], /unknown command 'valdate' \(Did you mean validate\?\)/],
    [
      'suggests the option that was meant',
      ['validate', 'x', '--jsn'],
      /unknown option '--jsn' \(Did you mean --json\?\)/,
    ],
    ['names a missing argument', ['validate'], /missing required argument 'model.yaml'/],
    ['refuses an argument too many', ['validate', 'a', 'b'], /too many arguments/],
    ['asks for a command where there is none', [], /no command was given/],
  ] as const)
    it(`${title}, exit 2`, async () => {
      const { exitCode, stdout, stderr } = await captured(argv);
      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
      assert.match(stderr, message);
      assert.match(stderr, /error CLI_USAGE/);
    });
});
