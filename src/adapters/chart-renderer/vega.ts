import * as vega from 'vega';
import { compile } from 'vega-lite';
import type { TopLevelSpec } from 'vega-lite';
import { HoldfastError } from '../../contracts/errors.ts';
import type { ChartRenderer } from './port.ts';

/** Nothing is loaded: a specification that names an address is refused. */
const OFFLINE = vega.loader();
OFFLINE.load = (uri: string): never => {
  throw new Error(`a chart must not load ${uri}`);
};

/** Vega-Lite compiled and drawn by Vega, in this process. */
export function createVegaRenderer(): ChartRenderer {
  return {
    async draw(specification) {
      try {
        const compiled = compile(specification as TopLevelSpec, { logger: vega.logger(vega.Error) });
        const view = new vega.View(vega.parse(compiled.spec), {
          renderer: 'none',
          loader: OFFLINE,
          logLevel: vega.Error,
        });
        const svg = await view.toSVG();
        view.finalize();
        return svg;
      } catch (cause) {
        throw new HoldfastError('REPORT_NOT_DRAWN', `a chart cannot be drawn: ${String(cause)}`, { cause });
      }
    },
  };
}
