/** Measurements as committed: four digits, which is what a simulation can say and what survives a change of the last bit; a list a line. */
export function measuredJson(measured: unknown): string {
  const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);
  const text = JSON.stringify(measured, rounded, 2);
  return `${text.replaceAll(/\[[^[\]{}]*\]/g, (list) => list.replaceAll(/\s+/g, ' '))}\n`;
}
