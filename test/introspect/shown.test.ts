// What is shown of any value: JSON, bounded, whatever it was.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shown } from '#src/introspect/shown.ts'
import { testSeed } from '#test/support/seed.ts'

const roomy = { bytes: 1e6, values: 1e5, levels: 100 }

test('what JSON can hold is shown as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      expect(JSON.stringify(shown(value, roomy).value)).toBe(JSON.stringify(value))
      expect(shown(value, roomy).truncated).toBe(false)
    }),
    { seed: testSeed },
  )
})

test('a zero below zero is shown as JSON has it', () => {
  expect(shown([-0], { bytes: 200, values: 20, levels: 3 }).value).toEqual([0])
})

test('anything else becomes JSON, within its limits', () => {
  const limits = { bytes: 200, values: 20, levels: 3 }
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true, withTypedArray: true }),
      (value) => {
        const copy = shown(value, limits)
        const text = JSON.stringify(copy.value)
        expect(text.length).toBeLessThan(2000)
        expect(JSON.parse(text)).toEqual(copy.value)
      },
    ),
    { seed: testSeed },
  )
})

test('what points back to itself is left out, and said so', () => {
  const loop: { name: string; self?: unknown } = { name: 'loop' }
  loop.self = [loop]
  expect(shown(loop, roomy)).toMatchObject({ value: { name: 'loop', self: ['…'] }, truncated: true })
})

test('the same thing twice is no loop', () => {
  const once = { a: 1 }
  expect(shown([once, once], roomy)).toMatchObject({ value: [once, once], truncated: false })
})

test('functions, numbers that JSON has no word for, errors and maps have theirs', () => {
  const value = { act: () => 1, big: 10n ** 20n, none: Number.NaN, map: new Map([['a', new Set([1])]]), error: new TypeError('no') }
  expect(shown(value, roomy)).toMatchObject({
    value: { act: '…', big: '100000000000000000000', none: 'NaN', map: [['a', [1]]], error: { error: 'TypeError', message: 'no' } },
    truncated: true,
  })
})

test('a field named __proto__ is a field', () => {
  const { value } = shown(JSON.parse('{"__proto__": {"x": 1}}'), roomy)
  expect(JSON.stringify(value)).toBe('{"__proto__":{"x":1}}')
  expect(({} as { x?: unknown }).x).toBeUndefined()
})
