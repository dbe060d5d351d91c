import * as fc from 'fast-check';

/** A part of a JSON schema, as far as the OpenAPI document uses it. */
export interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
  minItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  minimum?: number;
  maximum?: number;
  format?: string;
}

/** Ids and names that exist, ours and other people's: what makes a request get further than its schema. */
export interface KnownValues {
  /** By the name of a parameter or field. */
  byName: Record<string, (string | number)[]>;
  ids: number[];
  texts: string[];
}

/** Whether values are only what a schema asks for, or now and then something else. */
export type Mood = 'fitting' | 'odd';

/** Stands for a number that JSON can say and JavaScript cannot. */
const beyondNumbers = '<<1e999>>';

/** Texts that break what was not written with them in mind. */
const oddTexts = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfffy',
  '😀',
  'é́',
  '\u202e',
  '../..',
  "' or 1=1 --",
  '%',
  '__proto__',
  'constructor',
  'null',
  'true',
  '-1',
  '1e400',
  '99999999999999999999',
  '٣',
  '2026-02-30T25:61:00Z',
  '9999-12-31T23:59:59.999999+23:59',
  'x'.repeat(256),
  'x'.repeat(2001),
  'ß'.repeat(20_001),
];

const oddNumbers = [0, -1, 0.1, 1.5, 100.0001, 2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1e308, -0];

const oddText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...oddTexts) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);

/** Anything at all, of any type. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.constantFrom(...oddNumbers, beyondNumbers),
  fc.constantFrom(null, true, false, [], {}, [null], [[]], [{}], { id: null }),
  fc.constantFrom(30, 70).map((depth) => nested(depth)),
  fc.constant(Array.from({ length: 300 }, (_, index) => index)),
);

/** Values of a schema. In the odd mood with fields that are missing, unknown or wrong. */
export function valuesFor(schema: Schema, known: KnownValues, mood: Mood, name = ''): fc.Arbitrary<unknown> {
  const asked = asAsked(schema, known, mood, name);
  return mood === 'fitting' ? asked : fc.oneof({ weight: 12, arbitrary: asked }, { weight: 1, arbitrary: anything });
}

function asAsked(schema: Schema, known: KnownValues, mood: Mood, name: string): fc.Arbitrary<unknown> {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map((choice) => asAsked(choice, known, mood, name)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? []].flat();
  if (types.length > 1) return fc.oneof(...types.map((type) => asAsked({ ...schema, type }, known, mood, name)));
  const own = known.byName[name];
  switch (types[0]) {
    case 'object':
      return objectOf(schema, known, mood);
    case 'array':
      if (isAny(schema.items) && mood === 'fitting') return fc.constant([]);
      return fc.array(valuesFor(schema.items ?? {}, known, mood, name), {
        minLength: schema.minItems ?? 0,
        maxLength: 3,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'integer':
      return withOdd(mood, own === undefined ? integers(schema, known) : fc.constantFrom(...own), [
        ...known.ids,
        ...oddNumbers,
      ]);
    case 'number':
      return withOdd(
        mood,
        fc.oneof(fc.integer({ min: 0, max: 60 }), fc.double({ min: 0, max: 100, noNaN: true })),
        oddNumbers,
      );
    case 'string':
      return fc.oneof(
        { weight: 3, arbitrary: own === undefined ? sensibleText(schema, known) : fc.constantFrom(...own) },
        ...(mood === 'odd' ? [{ weight: 1, arbitrary: oddText }] : []),
      );
    default:
      return mood === 'odd' ? anything : fc.constantFrom('text', 12, true, null);
  }
}

function withOdd(mood: Mood, arbitrary: fc.Arbitrary<unknown>, odd: unknown[]): fc.Arbitrary<unknown> {
  return mood === 'fitting' ? arbitrary : fc.oneof({ weight: 3, arbitrary }, fc.constantFrom(...odd));
}

function integers(schema: Schema, known: KnownValues): fc.Arbitrary<number> {
  const min = Math.max(0, schema.minimum ?? 0);
  return fc.oneof(
    fc.constantFrom(...known.ids),
    fc.integer({ min, max: Math.max(min, Math.min(schema.maximum ?? 100, 100)) }),
  );
}

function isAny(schema: Schema | undefined): boolean {
  return schema === undefined || Object.keys(schema).length === 0;
}

function sensibleText(schema: Schema, known: KnownValues): fc.Arbitrary<string> {
  if (schema.format === 'uuid') return fc.uuid();
  if (schema.format === 'date-time') return fc.constantFrom('2020-01-01T00:00:00Z', '2099-01-01T00:00:00.5+02:00');
  if (schema.format === 'email') return fc.constantFrom('someone@example.com', 'SOMEONE@example.com');
  return fc.oneof(fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/), fc.constantFrom(...known.texts, '12', 'true', '1.5'));
}

function objectOf(schema: Schema, known: KnownValues, mood: Mood): fc.Arbitrary<unknown> {
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    fc.tuple(
      fc.constant(name),
      valuesFor(property, known, mood, name),
      // In the odd mood a required field is now and then left out; any other is so half of the time.
      fc.integer({ min: 0, max: 9 }).map((roll) => roll >= (required.has(name) ? Number(mood === 'odd') : 5)),
    ),
  );
  const unknown =
    mood === 'fitting'
      ? fc.constant(null)
      : fc.option(fc.tuple(fc.constantFrom('id', 'uuid', '__proto__', 'organisation', 'x'), anything));
  return fc.tuple(fc.tuple(...fields), unknown).map(([entries, extra]) => {
    const kept = entries.filter(([, , isThere]) => isThere).map(([name, value]) => [name, value] as const);
    return Object.fromEntries(extra === null ? kept : [...kept, extra]);
  });
}

/** A body as it travels, with its content type. In the odd mood sometimes no JSON, no body or another type. */
export function bodiesFor(
  schema: Schema,
  known: KnownValues,
  mood: Mood,
): fc.Arbitrary<{ text: string; type: string | null }> {
  const json = 'application/json';
  const asked = valuesFor(schema, known, mood).map((value) => ({ text: textOf(value), type: json }));
  if (mood === 'fitting') return asked;
  return fc.oneof(
    { weight: 12, arbitrary: asked },
    { weight: 1, arbitrary: anything.map((value) => ({ text: textOf(value), type: json })) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        { text: '', type: json },
        { text: '', type: null },
        { text: '{"name":', type: json },
        { text: `{"a":${'['.repeat(5000)}`, type: json },
        { text: '{"__proto__":{"a":1}}', type: json },
        { text: '{"name":"x"}', type: 'text/plain' },
        { text: '{"name":"x"}', type: 'application/xml' },
        { text: '{"name":"x"}', type: 'nonsense' },
        { text: '{"name":"x"}', type: 'application/json; charset=utf-16' },
        {
          text: '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nx',
          type: 'multipart/form-data; boundary=x',
        },
        { text: 'name=x&name=y&rules[0]=z&%ff=%', type: 'application/x-www-form-urlencoded' },
      ),
    },
  );
}

/** A query: declared parameters, repeated and unknown ones, pages that cannot be. Without the question mark. */
export function queriesFor(
  parameters: { name: string; schema: Schema; required: boolean }[],
  known: KnownValues,
  mood: Mood,
): fc.Arbitrary<string> {
  const declared = parameters.map(({ name, schema, required }) =>
    fc.tuple(
      fc.constant(name),
      valuesFor(schema, known, mood, name),
      fc.integer({ min: 0, max: 9 }).map((roll) => roll >= (required ? Number(mood === 'odd') : 7)),
    ),
  );
  const odd = fc.constantFrom(
    'page=-1',
    'page=0',
    'page=1000000',
    'page=1&page=2',
    'page_size=0',
    'page_size=-1',
    'page_size=1e9',
    'page=abc',
    'search=%00',
    'search=%ED%A0%80',
    'search=%',
    '=',
    '&&&',
    '__proto__=1',
  );
  const extras = mood === 'odd' ? fc.option(odd, { freq: 3 }) : fc.constant(null);
  const twice = mood === 'odd' ? fc.boolean() : fc.constant(false);
  return fc.tuple(fc.tuple(...declared), extras, twice).map(([entries, extra, isTwice]) => {
    const kept = entries.filter(([, , isThere]) => isThere).map(([name, value]) => `${name}=${encoded(value)}`);
    return [...kept, ...(isTwice ? kept.slice(0, 1) : []), ...(extra === null ? [] : [extra])].join('&');
  });
}

/** A path parameter, encoded. */
export function pathPartsFor(name: string, known: KnownValues, mood: Mood): fc.Arbitrary<string> {
  const own = known.byName[name] ?? known.ids;
  if (mood === 'fitting') return fc.constantFrom(...own).map(encoded);
  const odd = [
    '0',
    '-1',
    '1.5',
    '2147483648',
    '99999999999999999999',
    'abc',
    '%00',
    '%ED%A0%80',
    '%E2%80%AE',
    '%2e%2e%2f',
  ];
  return fc.oneof(
    { weight: 14, arbitrary: fc.constantFrom(...own).map(encoded) },
    { weight: 1, arbitrary: fc.constantFrom(...odd, 'x'.repeat(1900)) },
  );
}

function encoded(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return encodeURIComponent(text.slice(0, 3000).toWellFormed());
}

function textOf(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replaceAll(JSON.stringify(beyondNumbers), '1e999');
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}
