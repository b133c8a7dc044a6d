import assert from 'node:assert/strict';
import { createVegaRenderer } from '../../../src/adapters/chart-renderer/vega.ts';
import type { RolloutMaterial } from '../../../src/domain/report/material.ts';
import type { Report } from '../../../src/domain/report/report.ts';
import { decisionReport, rolloutReport } from '../../../src/domain/report/rollout-report.ts';
import { proseText } from '../../../src/pages/report/cell-text.ts';
import { reportPage } from '../../../src/pages/report/page.ts';
import { browserPath } from '../../integration/web-ui.ts';
import { openReader } from './opened-page.ts';
import { materialOf, PREPARED } from './prepared-worlds.ts';

const drawing = createVegaRenderer();

describe('a page of evidence', function () {
  this.timeout(30_000);
  const world = PREPARED.find(({ name }) => name === 'page-09')!;
  let material: RolloutMaterial;
  let report: Report;
  let html: string;
  before(async () => {
    material = await materialOf(world);
    report = rolloutReport(material);
    html = await reportPage(report, drawing);
  });

  it('begins with the answer and says why', () => {
    assert.equal(report.answer.answer, 'no');
    assert.match(report.answer.inWords, /^No: it was rolled back, and its exposure is 0/);
    assert.match(report.answer.why.join('\n'), /^loss\/north: .* worse per 1,000 flights than stable/m);
    const place = html.indexOf(proseText(report.answer.inWords));
    assert.ok(place > 0 && place < html.indexOf('<svg'));
  });

  it('is the same file from the same records', async () => {
    assert.equal(await reportPage(rolloutReport(structuredClone(material)), drawing), html);
  });

  it('names no address, runs no script, and shows what people wrote as text', async () => {
    const [fact, ...others] = report.facts;
    const odd = { ...report, facts: [{ ...fact!, value: '<script>alert("1")</script>' }, ...others] };
    const page = await reportPage(odd, drawing);
    assert.ok(page.includes('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;'));
    assert.doesNotMatch(page, /<script|<link|<img|<iframe|@import|\son\w+="/i);
    const addresses = [...page.matchAll(/(?:\b(?:href|src)="|url\()([^")]+)/g)].map(([, address]) => address);
    assert.deepEqual(
      addresses.filter((address) => !address!.startsWith('#')),
      [],
    );
  });

  it('of one decision holds nothing that came later', async () => {
    const { chain } = material.recorded;
    const early = chain.find(({ body }) => body.verdict === 'advance' && body.run === 'canary')!;
    const told = decisionReport(material, early.digest)!;
    assert.equal(told.answer.answer, 'yes');
    assert.equal(told.subject, early.key);
    const later = chain.slice(early.sequence).map(({ digest }) => digest.slice(0, 12));
    const page = await reportPage(told, drawing);
    assert.deepEqual(
      later.filter((digest) => page.includes(digest)),
      [],
    );
    assert.doesNotMatch(page, /rolled back|rollback<\/td>/);
    assert.equal(decisionReport(material, 'f'.repeat(64)), null);
    const asked = ({ sections }: Report): number => {
      const { columns, rows } = sections.find(({ id }) => id === 'latency')!.table!;
      const place = columns.findIndex(({ id }) => id === 'asked');
      return rows.reduce((sum, row) => sum + Number(row[place]), 0);
    };
    assert.ok(asked(told) < asked(report));
  });

  it('says no, and why, when the records do not hold together', () => {
    const [batchId, batch] = [...material.recorded.evidence].find(([, { stream }]) => stream === 'loss')!;
    const evidence = new Map([...material.recorded.evidence, [batchId, { ...batch, histogram: [] }]]);
    const { answer, sections } = rolloutReport({ ...material, recorded: { ...material.recorded, evidence } });
    assert.equal(answer.answer, 'no');
    assert.match(answer.why.join(), /the evidence that came with it was changed/);
    assert.equal(
      sections.some(({ plot }) => plot?.y.title.startsWith('extra loss')),
      false,
    );
  });

  it('reads well in a browser: no request, no barrier, every number as in the document', async function () {
    const path = browserPath();
    if (path === null) this.skip();
    const reader = await openReader(path);
    try {
      await reader.check(report, html, { width: 1440, scheme: 'light' });
      await reader.check(report, html, { width: 390, scheme: 'dark' });
    } finally {
      await reader.close();
    }
  });
});
