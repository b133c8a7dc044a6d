/** The shipped example as a child process, and what its runs say of themselves in the workflow list. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_AGAIN_MS = 1_000;

export interface Show {
  readonly uiUrl: string;
  /** Ids of the runs that a filter of the workflow list finds, once there is one. @throws when there is none in time */
  found(filter: string, patienceMs: number): Promise<string>;
  /** From now on the features that the gateway computes from outcomes stand still, or go on. */
  freezeFeatures(model: string, frozen: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** @param speed Event time ÷ wall time */
export async function startShow(stateDir: string, modelPath: string, speed: number): Promise<Show> {
  const line = ['demo', '--model', modelPath, '--speed', String(speed), '--state-dir', stateDir];
  const child = spawn(process.execPath, ['dist/src/cli/main.js', ...line], { stdio: ['ignore', 'inherit', 'inherit'] });
  const { uiUrl, environment } = await platformOf(child, join(stateDir, 'platform.json'));
  const gateway = environment['HOLDFAST_GATEWAY_URLS'] ?? '';
  return {
    uiUrl,
    found: (filter, patienceMs) => firstFound(child, uiUrl, filter, patienceMs),
    async freezeFeatures(model, frozen) {
      const answer = await fetch(`${gateway}/v1/models/${model}/drill`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ frozenFeatures: frozen }),
      });
      if (!answer.ok) throw new Error(`the gateway took no drill: ${await answer.text()}`);
    },
    async stop() {
      child.kill('SIGINT');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

interface Platform {
  readonly uiUrl: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function platformOf(child: ChildProcess, platformFile: string): Promise<Platform> {
  while (!existsSync(platformFile)) {
    requireRunning(child);
    await sleep(LOOK_AGAIN_MS);
  }
  return JSON.parse(readFileSync(platformFile, 'utf8')) as Platform;
}

async function firstFound(child: ChildProcess, uiUrl: string, filter: string, patienceMs: number): Promise<string> {
  const address = `${uiUrl}/api/v1/namespaces/default/workflows?query=${encodeURIComponent(filter)}`;
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(LOOK_AGAIN_MS)) {
    requireRunning(child);
    const answer = (await (await fetch(address)).json()) as {
      executions?: Array<{ execution: { workflowId: string } }>;
    };
    const [first] = answer.executions ?? [];
    if (first !== undefined) return first.execution.workflowId;
  }
  throw new Error(`no run answers to ${filter} after ${patienceMs} ms`);
}

function requireRunning(child: ChildProcess): void {
  if (child.exitCode !== null) throw new Error(`the show ended with ${child.exitCode}`);
}
