/** Kills: processes that die at any instant lose, repeat and reorder nothing. */
import type { Account, Fault, FaultKind } from './ground/account.ts';
import { killsOf, VICTIMS } from './kills/killer.ts';
import type { Kill, Victim } from './kills/killer.ts';
import { killRun } from './kills/kill-run.ts';
import type { KillRun } from './kills/kill-run.ts';
import type { Finding, Part } from './part.ts';

/** Rollouts in flight at the same time. */
const MODELS = 20;
const SHOWN_MAX = 3;

export const verifyKills: Part = async ({ seed, kills }, say) => {
  const counts = killsOf(kills);
  const run = await killRun({ seed, counts, models: MODELS }, say);
  const met = [...run.met].sort(([, a], [, b]) => b - a).map(([words, times]) => `${times} × ${words}`);
  say(`  met and outlived: ${met.slice(0, SHOWN_MAX * 2).join('; ') || 'nothing'}`);
  return findingsOf(run, counts);
};

/** What a run of kills has shown. */
export function findingsOf(run: KillRun, counts: Readonly<Record<Victim, number>>): Finding[] {
  const { accounts, kills, concurrent, faults } = run;
  const sum = (of: (account: Account) => number): number => accounts.reduce((total, account) => total + of(account), 0);
  const decisions = sum((one) => one.decisions);
  const acknowledged = sum((one) => one.acknowledged);
  const changes = sum((one) => one.changes);
  const told = `${accounts.length} rollouts, ${decisions} decisions, ${acknowledged} acknowledged orders and batches`;
  return [
    ...VICTIMS.map((victim) =>
      killed(
        victim,
        kills.filter((kill) => kill.victim === victim),
        counts[victim],
      ),
    ),
    {
      name: 'rollouts are in flight all the while',
      passed: concurrent > 0,
      words: `at least ${concurrent} at the same time at every kill`,
    },
    none('nothing decided or acknowledged is lost', 'lost', faults, told),
    none('nothing is done twice', 'repeated', faults, told),
    none('no exposure changes out of order', 'out of order', faults, `${changes} changes at each of two gateways`),
    none('every chain is verified from its records', 'unverifiable', faults, `${accounts.length} chains`),
    none('every rollout ends as its story does undisturbed', 'unfinished', faults, `${accounts.length} rollouts`),
  ];
}

function killed(victim: Victim, kills: readonly Kill[], wanted: number): Finding {
  const open = kills.map((kill) => kill.open).sort((a, b) => a - b);
  const back = Math.max(0, ...kills.map(({ backMs }) => backMs)) / 1000;
  return {
    name: `${victim} is killed ${wanted} times while work is open`,
    passed: kills.length >= wanted && open.every((rollouts) => rollouts > 0),
    words: `${kills.length} times, ${open[Math.floor(open.length / 2)] ?? 0} rollouts at work in the median, ${open[0] ?? 0} at least; serves again after ${back.toFixed(1)} s at most`,
  };
}

function none(name: string, kind: FaultKind, faults: readonly Fault[], of: string): Finding {
  const found = faults.filter((fault) => fault.kind === kind).map(({ inWords }) => inWords);
  const shown = found.length === 0 ? '' : `: ${found.slice(0, SHOWN_MAX).join(' | ')}`;
  return { name, passed: found.length === 0, words: `${found.length} of ${of}${shown}` };
}
