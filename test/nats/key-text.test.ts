// Names as subjects: legal whatever the text, never the same for two, and plain where they can be.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyText } from '#src/nats/key-text.ts'

/** What a subject may be made of, as the server and its tools take it. */
const LEGAL = /^[A-Za-z0-9_/=-]+(\.[A-Za-z0-9_/=-]+)*$/

/** Texts in which what is special here comes often. */
const texts = fc
  .array(fc.oneof(fc.constantFrom('.', '=', '2E', ' ', '*', '>', '\ud800', '\udfff', '\ufffd', 'a', '🦊'), fc.string()))
  .map((parts) => parts.join(''))

describe('a name as a subject', () => {
  test('plain names stay as they are, with their dots', () => {
    for (const text of ['name.lot-1', 'session.n1.lq3f9a', 'a_b/c']) expect(keyText(text)).toBe(text)
  })

  test('what a subject cannot hold is written as bytes', () => {
    expect(keyText('a b')).toBe('a=20b')
    expect(keyText('ä=*>')).toBe('=C3=A4=3D=2A=3E')
    expect(keyText('')).toBe('=')
  })

  test('a dot that parts nothing is written as a byte', () => {
    expect(keyText('.')).toBe('=2E')
    expect(keyText('a..b.')).toBe('a.=2Eb=2E')
  })

  test('any text is legal', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(keyText(text)).toMatch(LEGAL)
      }),
    )
  })

  test('two texts are never the same', () => {
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        expect(keyText(one) === keyText(other)).toBe(one === other)
      }),
      { numRuns: 2000 },
    )
    const halves = ['\ud800', '\ud801', '\udc00', '\ufffd', '\ud83e\udd8a', '\udd8a\ud83e']
    expect(new Set(halves.map(keyText)).size).toBe(halves.length)
  })

  test('the longest name of the cluster fits into a line of the protocol', () => {
    expect(keyText(`name.${'日'.repeat(255)}`).length).toBeLessThan(3000)
  })
})
