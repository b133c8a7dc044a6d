import { checkGatePolicy } from '../../contracts/gate-policy.ts';
import type { DeclaredGatePolicy } from '../../contracts/gate-policy.ts';
import { readDeclaration } from './located-yaml.ts';
import type { DeclarationKind } from './located-yaml.ts';

const GATE_POLICY_FILE: DeclarationKind<DeclaredGatePolicy> = {
  name: 'a gate policy',
  remedyWhenEmpty: 'declare at least one stream: streams: [{ id: failed, kind: difference, safeMargin: 0.01 }]',
  remedyWhenTwo: 'one policy, one file',
  errors: { notFound: 'GATE_FILE_NOT_FOUND', unreadable: 'GATE_FILE_UNREADABLE', invalid: 'GATE_POLICY_INVALID' },
  judge: checkGatePolicy,
};

/** See {@link ReadGatePolicyFile}. */
export function readGatePolicyFile(path: string): Promise<DeclaredGatePolicy> {
  return readDeclaration(path, GATE_POLICY_FILE);
}
