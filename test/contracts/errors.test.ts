import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS, EXIT_CODES, HoldfastError } from '../../src/contracts/errors.ts';
import type { ErrorCode } from '../../src/contracts/errors.ts';
import { GATE_ERRORS } from '../../src/contracts/gate-errors.ts';
import { GATEWAY_ERRORS } from '../../src/contracts/gateway-errors.ts';
import { REPORT_ERRORS } from '../../src/contracts/report-errors.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];

describe('the error table', () => {
  it('is sorted by code and spells every code in capitals', () => {
    const parts = [GATE_ERRORS, GATEWAY_ERRORS, REPORT_ERRORS].map((part) => Object.keys(part));
    for (const table of [...parts, codes.filter((code) => !parts.flat().includes(code))]) {
      assert.deepEqual(table, [...table].sort());
    }
    assert.deepEqual(
      codes.filter((code) => !/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(code)),
      [],
    );
  });

  it('raises every code it lists somewhere in the product', () => {
    const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/^contracts.(gate-|gateway-|report-)?errors\.ts$/.test(name))
      .map((name) => readFileSync(join('src', name), 'utf8'))
      .join('\n');
    assert.deepEqual(
      codes.filter((code) => !source.includes(`'${code}'`)),
      [],
    );
  });

  it('gives every exit name a code of its own', () => {
    const numbers = Object.values(EXIT_CODES).map(({ code }) => code);
    assert.equal(new Set(numbers).size, numbers.length);
  });
});

describe('a HoldfastError', () => {
  it('takes kind, remedy and exit code from the table', () => {
    const error = new HoldfastError('MODEL_FILE_NOT_FOUND', 'there is no file at "x.yaml"');
    assert.equal(error.kind, 'terminal');
    assert.equal(error.remedy, ERRORS.MODEL_FILE_NOT_FOUND.remedy);
    assert.equal(error.exitCode, 1);
    assert.equal(error.message, 'there is no file at "x.yaml"');
  });

  it('keeps a better remedy, the details and the cause it is given', () => {
    const cause = new Error('EACCES');
    const error = new HoldfastError('CLI_USAGE', 'unknown command "strat"', { remedy: 'start', details: [1], cause });
    assert.equal(error.remedy, 'start');
    assert.deepEqual(error.details, [1]);
    assert.equal(error.cause, cause);
    assert.equal(error.exitCode, 2);
  });
});
