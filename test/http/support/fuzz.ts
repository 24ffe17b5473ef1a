// Requests made from the description of an API: most of them fit it, some nearly, some not at all.
import fc from 'fast-check'
import type { OpenApi, Operation } from './house.ts'

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
}

export interface FuzzRequest {
  readonly path: string
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload?: string | object
}

/** Texts that have been trouble somewhere: separators, escapes, prototypes, numbers that are none, what is long. */
const nasty = fc.constantFrom(
  '',
  '0',
  '-1',
  '1e999',
  'NaN',
  'null',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '%00',
  '\u0000',
  '"',
  "'; drop table",
  'a'.repeat(5000),
  '😀'.repeat(50),
  'n1.zz.1',
  'n1.1.1:5',
  '1~1~n1.a.1',
  'W10',
  'W1tdXQ',
  Buffer.from('[["x",1e400]]').toString('base64url'),
  Buffer.from('[["node",0],["lots",0],["lot-1",3]]').toString('base64url'),
  Buffer.from('{"path":"","node":"n1","serial":1}').toString('base64url'),
)

/** What fits a schema; `known` are texts that mean something to the API, such as pids. */
function fits(schema: Schema, known: readonly string[]): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => fits(each, known)))
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const { minimum = 0, maximum = 1e6, minLength = 0, maxLength = 100 } = schema
  switch (schema.type) {
    case 'integer':
      return fc.oneof(fc.integer({ min: minimum, max: maximum }), fc.integer({ min: minimum, max: Math.min(maximum, minimum + 10) }))
    case 'number':
      return fc.double({ min: minimum, max: maximum, noNaN: true })
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'object':
      return fc.record(Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, each]) => [name, fits(each, known)])), {
        requiredKeys: [...(schema.required ?? [])],
      })
    default: {
      const matching = known.filter((text) => schema.pattern === undefined || new RegExp(schema.pattern).test(text))
      const free = fc.string({ minLength, maxLength: Math.min(maxLength, 40), unit: 'grapheme' })
      return matching.length === 0 ? free : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...matching) }, free)
    }
  }
}

const anything = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 50 }), fc.double().map(String))

/** A value that fits, or one time in five anything at all. */
const nearly = (schema: Schema, known: readonly string[]) =>
  fc.oneof({ weight: 4, arbitrary: fits(schema, known).map(String) }, { weight: 1, arbitrary: anything })

const encoded = (text: string) => encodeURIComponent(text.toWellFormed())

const headerText = fc.string({ minLength: 1, maxLength: 60 }).filter((text) => /^[\x21-\x7e]+$/.test(text))

export function requestsOf(api: OpenApi, known: readonly string[], tokens: readonly string[]): fc.Arbitrary<FuzzRequest> {
  const each = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => requestTo(path, method, operation, known, tokens)),
  )
  return fc.oneof(...each)
}

function requestTo(
  path: string,
  method: string,
  { parameters = [], requestBody }: Operation,
  known: readonly string[],
  tokens: readonly string[],
): fc.Arbitrary<FuzzRequest> {
  const arbitraries = (where: string) =>
    Object.fromEntries(parameters.filter((each) => each.in === where).map(({ name, schema }) => [name, nearly(schema, known)]))
  const query = fc.oneof(
    { weight: 5, arbitrary: fc.record(arbitraries('query'), { requiredKeys: [] }) },
    { weight: 1, arbitrary: fc.dictionary(fc.string({ maxLength: 10 }), anything, { maxKeys: 3 }) },
  )
  // Most requests pass the guards at the door: behind it is more to be broken.
  const rarely = (allowed: readonly string[]) =>
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...allowed) },
      { weight: 1, arbitrary: headerText },
      { weight: 1, arbitrary: fc.constant(undefined) },
    )
  const headers = fc
    .record(
      {
        authorization: rarely(tokens.map((token) => `Bearer ${token}`)),
        origin: rarely(['http://localhost']),
        accept: fc.constantFrom('application/json', 'text/html', '*/*'),
        'last-event-id': headerText,
      },
      { requiredKeys: ['authorization', 'origin'] },
    )
    .map((all) => Object.fromEntries(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined)))
  const [content] = Object.values(requestBody?.content ?? {})
  const body =
    content === undefined
      ? fc.constant(undefined)
      : fc.oneof(
          { weight: 4, arbitrary: fits(content.schema, known) },
          { weight: 1, arbitrary: fc.jsonValue() },
          { weight: 1, arbitrary: fc.constantFrom('{', '{"a":', '', '[', '"\\ud800"', '{"__proto__":{"x":1}}') },
        )
  return fc.tuple(fc.record(arbitraries('path')), query, headers, body).map(([params, asked, sent, payload]) => {
    const url = Object.entries(params).reduce((text, [name, value]) => text.replace(`{${name}}`, encoded(String(value))), path)
    const search = Object.entries(asked).map(([name, value]) => `${encoded(name)}=${encoded(String(value))}`)
    const isRaw = typeof payload === 'string'
    return {
      path,
      method: method.toUpperCase() as 'GET' | 'POST',
      url: search.length === 0 ? url : `${url}?${search.join('&')}`,
      headers: { ...sent, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(payload === undefined ? {} : { payload: isRaw ? payload : JSON.stringify(payload) }),
    }
  })
}
