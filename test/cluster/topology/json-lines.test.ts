// JSON values out of lines, however the network cuts them.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonLines } from '#src/cluster/topology/json-lines.ts'

async function* chunks(...parts: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* parts
}

async function read(...parts: Buffer[]): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const value of jsonLines(chunks(...parts))) values.push(value)
  return values
}

test('the same values come out, wherever the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat()), async (values, cuts) => {
      const text = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''))
      const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].toSorted((a, b) => a - b)
      const parts = places.slice(1).map((end, index) => text.subarray(places[index], end))
      expect(await read(...parts)).toEqual(JSON.parse(JSON.stringify(values)))
    }),
  )
})

test('what is cut off at the end is no value', async () => {
  expect(await read(Buffer.from('{"a":1}\n\n{"b"'))).toEqual([{ a: 1 }])
})

test('what is no JSON, or a line without an end, is an error', async () => {
  await expect(read(Buffer.from('<html>\n'))).rejects.toThrow(SyntaxError)
  const part = Buffer.alloc(1024 * 1024, 120)
  await expect(read(part, part, part, part, part)).rejects.toThrow('a line of more than 4194304 bytes')
})
