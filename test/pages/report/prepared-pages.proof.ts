/** All prepared pages in every mode: too long for the suite, which opens one of them. */
import assert from 'node:assert/strict';
import { createVegaRenderer } from '../../../src/adapters/chart-renderer/vega.ts';
import { datasetReport } from '../../../src/domain/report/dataset-report.ts';
import { experimentReport } from '../../../src/domain/report/experiment-report.ts';
import { incidentReport, monitoringReport } from '../../../src/domain/report/monitoring-report.ts';
import { reportPage } from '../../../src/pages/report/page.ts';
import { browserPath } from '../../integration/web-ui.ts';
import { MODES, openReader } from './opened-page.ts';
import type { Reader } from './opened-page.ts';
import { datasetMaterial, experimentMaterial, INCIDENT, monitoringMaterial } from './other-reports.ts';
import { materialOf, PREPARED, preparedReport } from './prepared-worlds.ts';

describe('the prepared pages', function () {
  this.timeout(120_000);
  const path = browserPath();
  let reader: Reader;
  before(async function () {
    if (path === null) this.skip();
    reader = await openReader(path);
  });
  after(() => reader?.close());

  it('are five that are safe, three that are not, and two that are not decided yet', () => {
    const count = (wanted: string): number => PREPARED.filter(({ answer }) => answer === wanted).length;
    assert.deepEqual([count('yes'), count('no'), count('not yet')], [5, 3, 2]);
  });

  for (const world of PREPARED)
    it(`${world.name} answers as its world is made, and reads well wide and narrow, light and dark`, async () => {
      const report = await preparedReport(world);
      assert.equal(report.answer.answer, world.answer, report.answer.inWords);
      const html = await reportPage(report, createVegaRenderer());
      for (const mode of MODES) await reader.check(report, html, mode);
    });

  it('of other subjects read well, too', async () => {
    const promoted = PREPARED.find(({ name }) => name === 'page-02')!;
    const reports = [
      datasetReport(datasetMaterial()),
      monitoringReport(monitoringMaterial()),
      incidentReport(monitoringMaterial(), INCIDENT),
      experimentReport(experimentMaterial(await materialOf(promoted))),
    ];
    for (const report of reports) {
      const html = await reportPage(report, createVegaRenderer());
      for (const mode of MODES) await reader.check(report, html, mode);
    }
  });
});
