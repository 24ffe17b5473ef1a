// What a cluster says when nothing happens, and what it keeps of names that ended.
import { expect, test } from 'vitest'
import { genServer } from '#otp-labs'
import { DEFAULT_REPLICATOR_TIMES } from '#src/distributed/directory/replicator.ts'
import { Box } from '#test/support/box.ts'

const Lot = genServer({ name: 'lot', init: (title: string) => title })

function sent(box: Box): number {
  const links = box.live().flatMap((node) => [...node.cluster.links])
  return links.reduce((sum, { counts }) => sum + counts.bytesOut, 0) / links.length
}

test.each([
  [3, 150],
  [12, 150],
])('a link between two of %i idle nodes carries less than %i bytes a second each way', async (count, limit) => {
  const names = Array.from({ length: count }, (_, i) => `n${i}`)
  const box = await Box.formed({ names, node: { behaviours: [Lot] } })
  for (let i = 0; i < 20; i++) await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, 'x'] }))
  await box.clock.advance(10_000)
  const before = sent(box)
  await box.clock.advance(60_000)
  expect((sent(box) - before) / 60).toBeLessThan(limit)
})

test('ended names are forgotten when all have merged them, and above a limit without the member that is down for longest', async () => {
  const names = ['n1', 'n2', 'n3']
  const replicatorTimes = { ...DEFAULT_REPLICATOR_TIMES, tombstoneMs: 10_000, maxEnded: 5 }
  const box = await Box.formed({ names, node: { behaviours: [Lot], replicatorTimes }, note: ['directory.member_given_up'] })
  const lot = async (i: number) => {
    await box.through(box.node('n1').supervisor.startChild({ id: `lot-${i}`, start: [Lot, 'x'] }))
    await box.through(box.node('n1').supervisor.terminateChild(`lot-${i}`))
  }
  const ended = () => box.node('n1').parts.directory.ended.size
  await lot(0)
  await box.clock.advance(9000)
  expect(ended()).toBe(1)
  await box.clock.advance(8000)
  expect(ended()).toBe(0)
  box.crash('n3')
  await box.clock.advance(3000)
  for (let i = 1; i <= 5; i++) await lot(i)
  await box.clock.advance(60_000)
  expect(ended()).toBe(5)
  await lot(6)
  await box.clock.advance(20_000)
  expect(ended()).toBe(0)
  expect(box.events('directory.member_given_up').map(({ by }) => by)).toEqual(expect.arrayContaining(['n1', 'n2']))
})
