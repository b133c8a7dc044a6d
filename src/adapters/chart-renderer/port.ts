/** Draws the charts of pages. */
export interface ChartRenderer {
  /**
   * One SVG element for a Vega-Lite specification that carries its own data. The same specification gives the same text; nothing is
   * fetched, and no script is in it. May fail with REPORT_NOT_DRAWN where the specification is none.
   */
  draw(specification: object): Promise<string>;
}
