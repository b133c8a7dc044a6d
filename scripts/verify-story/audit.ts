/** The audit of one model's story: what was certified, what was exposed, what was told. */
import { join } from 'node:path';
import { openArchive } from './archive.ts';
import type { ServedSpan } from './archive.ts';
import { auditCertificates } from './certificates.ts';
import type { Certificate } from './certificates.ts';
import { auditExposure } from './exposure.ts';
import type { Rise } from './exposure.ts';
import type { Finding } from './finding.ts';
import type { Story } from './story.ts';
import { auditSummary } from './summary.ts';

export interface Audit {
  readonly certificates: readonly Certificate[];
  readonly rises: readonly Rise[];
  readonly served: readonly ServedSpan[];
  readonly findings: readonly Finding[];
}

/** @param summary document of the run; null: none to compare with */
export async function auditStory(story: Story, stateDir: string, summary: unknown): Promise<Audit> {
  const archive = await openArchive(join(stateDir, 'request-log', story.model));
  try {
    const served = await archive.served();
    const { certificates, findings: certified } = await auditCertificates(story, archive);
    const { rises, findings: exposed } = auditExposure(story, served);
    const told = summary === null ? [] : auditSummary(story, summary);
    return { certificates, rises, served, findings: [...certified, ...exposed, ...told] };
  } finally {
    archive.close();
  }
}
