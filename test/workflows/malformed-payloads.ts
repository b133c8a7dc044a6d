/** Payloads as a wrong form, a wrong sender, a wrong button or a damaged byte makes them, for a message with a valid sample. */
export interface WirePayload {
  readonly metadata: Readonly<Record<string, Uint8Array>>;
  readonly data: Uint8Array;
}

export interface MalformedMessage {
  readonly title: string;
  readonly payloads: readonly WirePayload[];
}

const payload = (encoding: string, data: string | Uint8Array): WirePayload => ({
  metadata: { encoding: Buffer.from(encoding) },
  data: typeof data === 'string' ? Buffer.from(data) : data,
});
const json = (value: unknown): WirePayload => payload('json/plain', JSON.stringify(value));

/** What is no message whatever its name. */
export function undecodable(): MalformedMessage[] {
  const one = (title: string, data: WirePayload): MalformedMessage => ({ title, payloads: [data] });
  return [
    { title: 'no payload', payloads: [] },
    one('not JSON', payload('json/plain', '{not json')),
    one('JSON cut off', payload('json/plain', '{"commandId":"c')),
    one('no bytes', payload('json/plain', '')),
    one('invalid UTF-8', payload('json/plain', Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d))),
    one('an unknown encoding', payload('binary/unheard-of', 'x')),
    one('an empty encoding', payload('', '{}')),
    one('no encoding', { metadata: {}, data: Buffer.from('{}') }),
    one('an encoding that is no text', { metadata: { encoding: Uint8Array.of(0xff, 0xfe) }, data: Buffer.from('{}') }),
    one('json/protobuf', payload('json/protobuf', '{}')),
    one('json/protobuf of an unknown type', {
      metadata: { encoding: Buffer.from('json/protobuf'), messageType: Buffer.from('some.Message') },
      data: Buffer.from('{}'),
    }),
    one('binary/protobuf', payload('binary/protobuf', Uint8Array.of(8, 1))),
    one('an encrypted payload without its codec', payload('binary/encrypted', 'x')),
    one('binary/null', payload('binary/null', '')),
    one('bytes', payload('binary/plain', 'x')),
    one('a text', json('text')),
    one('a number', json(7)),
    one('null', json(null)),
    one('an empty array', json([])),
    one('an empty object', json({})),
    one('a deep array', payload('json/plain', '['.repeat(5_000) + ']'.repeat(5_000))),
  ];
}

/** Just below what a server takes. */
export const HUGE: MalformedMessage = { title: 'a text of 1.5 MB', payloads: [json('x'.repeat(1_500_000))] };

/**
 * What resembles a message of this sample and is none.
 * @param optional Fields that may be missing.
 */
export function misshapen(sample: object, optional: readonly string[] = []): MalformedMessage[] {
  const one = (title: string, value: unknown): MalformedMessage => ({ title, payloads: [json(value)] });
  const fields = Object.entries(sample);
  return [
    one('the message in an array', [sample]),
    one('the message in a text', JSON.stringify(sample)),
    one('an extra field', { ...sample, unexpected: true }),
    {
      title: 'a field __proto__',
      payloads: [payload('json/plain', JSON.stringify(sample).replace('{', '{"__proto__":{"by":"x"},'))],
    },
    { title: 'a wrong message before the right one', payloads: [json(7), json(sample)] },
    ...fields
      .filter(([field]) => !optional.includes(field))
      .map(([missing]) => one(`${missing} missing`, Object.fromEntries(fields.filter(([field]) => field !== missing)))),
    ...fields.map(([field]) => one(`${field} an object`, { ...sample, [field]: { nested: true } })),
    ...fields
      .filter(([, value]) => typeof value === 'string')
      .slice(0, 1)
      .map(([field]) => one(`${field} of 100 kB`, { ...sample, [field]: 'x'.repeat(100_000) })),
  ];
}
