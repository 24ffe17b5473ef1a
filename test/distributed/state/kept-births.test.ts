// What one key keeps of a name: as bytes and back, and how much of it.
import { expect, test } from 'vitest'
import { blobsOf, forgetBirths, type KeptBirths, openBirth, writeBirth } from '#src/distributed/state/kept-births.ts'
import { decodeBirths, encodeBirths } from '#src/distributed/state/kept-births-codec.ts'

const fence = (gen: number, epoch = 1, owner = 'a.1') => ({ gen, founder: 'a.1', epoch, owner })

function opened(births: KeptBirths, gen: number, inherits = false): KeptBirths {
  const opening = openBirth(births, fence(gen), inherits)
  if (!opening.ok) throw new Error(`refused by ${opening.by.owner}`)
  return opening.births
}

function written(births: KeptBirths, gen: number, bytes: Uint8Array | string): KeptBirths {
  const writing = writeBirth(births, { fence: fence(gen), seq: 1, version: 0, bytes })
  if (!writing.ok) throw new Error(`refused by ${writing.by.owner}`)
  return writing.births
}

test('births are read as they were written, with bytes, with the name of a blob, and with nothing', () => {
  let births = written(opened([], 1), 1, Buffer.from('a state'))
  births = written(opened(births, 2), 2, 'a.1/7 lot')
  births = opened(births, 3)
  const again = decodeBirths(encodeBirths({ mark: 'a.1/9', births }))
  expect(again.mark).toBe('a.1/9')
  expect(again.births.map(({ token, content }) => [token, content && { ...content, bytes: String(content.bytes) }])).toEqual(
    births.map(({ token, content }) => [token, content && { ...content, bytes: String(content.bytes) }]),
  )
  expect([...blobsOf(again.births)]).toEqual(['a.1/7 lot'])
})

test('what this release cannot have written is refused', () => {
  const good = encodeBirths({ mark: '', births: opened([], 1) })
  expect(() => decodeBirths(good.subarray(0, good.length - 1))).toThrow()
  expect(() => decodeBirths(Buffer.from([0x93, 2, 0xa0, 0x90]))).toThrow('in format 1, got 2')
  expect(() => decodeBirths(Buffer.from([0x93, 1, 0xa0, 0x91, 0x91, 1]))).toThrow('expected kept births')
})

test('who goes on from an earlier birth does so from its blob, which both refer to', () => {
  const births = opened(written(opened([], 1), 1, 'a.1/7 lot'), 2, true)
  expect(births.map(({ token, content }) => [token.gen, content?.bytes])).toEqual([
    [2, 'a.1/7 lot'],
    [1, 'a.1/7 lot'],
  ])
  expect([...blobsOf(written(births, 2, 'a.1/8 lot'))].toSorted()).toEqual(['a.1/7 lot', 'a.1/8 lot'])
})

test('the last eight births are kept, and those that have ended are not', () => {
  let births: KeptBirths = []
  for (let gen = 1; gen <= 10; gen++) births = opened(births, gen)
  expect(births.map(({ token }) => token.gen)).toEqual([10, 9, 8, 7, 6, 5, 4, 3])
  expect(forgetBirths(births, 8).map(({ token }) => token.gen)).toEqual([10, 9])
})
