// The error of misuse: a code to branch on, a message to read, and the cause it had.
import { expect, test } from 'vitest'
import { CodedError, inWords } from '#base'

test('a coded error is an error with a stable code', () => {
  const cause = new Error('below')
  const error = new CodedError('ERR_OTP_BASE_EXAMPLE', 'expected a, got b', { cause })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ name: 'CodedError', code: 'ERR_OTP_BASE_EXAMPLE', message: 'expected a, got b', cause })
  expect(String(error)).toBe('CodedError: expected a, got b')
})

const cycle: { self?: unknown } = {}
cycle.self = cycle

test.each([
  ['a text', 'as it is', 'as it is'],
  ['an error', new RangeError('far'), 'RangeError: far'],
  ['data', { a: [1] }, '{"a":[1]}'],
  ['a big number', 1n, '1'],
  ['nothing', undefined, 'undefined'],
  ['an object that is no data', { toJSON: () => undefined }, '[object Object]'],
  ['a cycle', cycle, 'a value of type object that cannot be printed'],
  ['data that holds what JSON does not know', { n: 1n }, 'a value of type object that cannot be printed'],
])('%s can be put in words', (_what, term, words) => {
  expect(inWords(term)).toBe(words)
})
