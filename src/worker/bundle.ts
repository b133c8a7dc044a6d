/**
 * The code that workflows run, bundled once per content: the name of the file is the digest of everything that goes into it, so a
 * bundle is reused by every later start and can never be older than its sources.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { BundleOptions, Logger, WorkerOptions } from '@temporalio/worker';

export type WorkflowBundle = NonNullable<WorkerOptions['workflowBundle']>;

const BUILT = fileURLToPath(new URL('..', import.meta.url));
const PURE_ROOMS = ['domain', 'contracts', 'workflows'];

export interface BundleSources {
  /** Module that exports all workflows. */
  readonly workflowsPath: string;
  /**
   * Loaded once for all workflows instead of once for each: our message schemas, and zod with them, cost a megabyte per workflow
   * otherwise. They must have been used while they load; the SDK freezes them afterwards.
   */
  readonly preloadModules: readonly string[];
  /** Modules whose `interceptors` every run is given. */
  readonly interceptorModules: readonly string[];
}

export const PRODUCT_SOURCES: BundleSources = {
  workflowsPath: join(BUILT, 'workflows', 'index.js'),
  preloadModules: [join(BUILT, 'contracts', 'messages.js')],
  interceptorModules: [join(BUILT, 'workflows', 'ahead-of-history.js')],
};

/** The bundle of the product's workflows: from an earlier start when nothing has changed (0.1 s), else built now (2–3 s). */
export async function workflowBundle(
  logger: Logger,
  cacheDir = join(BUILT, '..', 'workflow-bundles'),
): Promise<WorkflowBundle> {
  const file = join(cacheDir, `${sourcesDigest()}.js`);
  if (existsSync(file)) return { codePath: file };
  const built = await bundle(PRODUCT_SOURCES, logger);
  try {
    mkdirSync(cacheDir, { recursive: true });
    writeFileSync(`${file}.${process.pid}`, built.code);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A read-only installation bundles at every start.
    return built;
  }
  return { codePath: file };
}

/** Bundles workflows that are given by path. */
export function bundle(sources: BundleSources, logger: Logger): ReturnType<typeof bundleWorkflowCode> {
  const options: BundleOptions = {
    workflowsPath: sources.workflowsPath,
    preloadModules: [...sources.preloadModules],
    workflowInterceptorModules: [...sources.interceptorModules],
    logger,
  };
  return bundleWorkflowCode(options);
}

function sourcesDigest(): string {
  const digest = createHash('sha256');
  const sdk = fileURLToPath(import.meta.resolve('@temporalio/workflow/package.json'));
  for (const path of [fileURLToPath(import.meta.url), sdk]) digest.update(readFileSync(path));
  for (const room of PURE_ROOMS) {
    const names = readdirSync(join(BUILT, room), { recursive: true, encoding: 'utf8' });
    for (const name of names.filter((each) => each.endsWith('.js')).sort()) {
      digest.update(`${room}/${name}\0`).update(readFileSync(join(BUILT, room, name)));
    }
  }
  return digest.digest('hex').slice(0, 32);
}
