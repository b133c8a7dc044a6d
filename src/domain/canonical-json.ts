/**
 * One text for one value: keys sorted by UTF-16 code unit, no white space, numbers as ECMAScript prints them (RFC 8785's form).
 * Everything that is named by its digest is digested in this form, so a value without exactly one text is refused.
 */

/** Deeper values are refused: no record nests this far, and a cycle must end somewhere. */
const DEPTH_MAX = 100;

/**
 * Canonical JSON of a plain value.
 * @throws TypeError naming the place, for what JSON would drop or change in silence: undefined, NaN, infinities, bigint, functions,
 * symbols, Date, Map and other objects that are not plain, and cycles.
 */
export function canonicalJson(value: unknown): string {
  return text(value, '$', 0);
}

/** Bytes of a text in UTF-8, without encoding it. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function text(value: unknown, place: string, depth: number): string {
  if (depth > DEPTH_MAX) throw refused(place, `nests deeper than ${DEPTH_MAX} levels or contains itself`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw refused(place, `is ${value}, which JSON cannot say`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (element, index) => text(element, `${place}[${index}]`, depth + 1)).join(',')}]`;
  }
  if (typeof value === 'object') return objectText(value, place, depth);
  throw refused(place, `is ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`);
}

function objectText(value: object, place: string, depth: number): string {
  // By tag, not by prototype: workflow code runs in a realm of its own, whose Object is another one.
  const tag = Object.prototype.toString.call(value);
  if (tag !== '[object Object]') throw refused(place, `is ${tag.slice(8, -1)}, not a plain object`);
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${text(member, `${place}.${key}`, depth + 1)}`);
  return `{${members.join(',')}}`;
}

function refused(place: string, what: string): TypeError {
  return new TypeError(
    `${place} ${what}; give plain JSON: null, true, false, finite numbers, strings, arrays, objects`,
  );
}
