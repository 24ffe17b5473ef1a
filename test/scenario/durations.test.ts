// What nodes measure of each other: how long a peer takes to answer, and until it has merged what was written.
import { expect, test } from 'vitest'
import { genServer } from '#otp-labs'
import { Box } from '#test/support/box.ts'

const Lot = genServer({ name: 'lot', init: (title: string) => title })
const names = ['n1', 'n2', 'n3']

test('every peer is asked every few beats, and answers in the time of both ways', async () => {
  const box = await Box.formed({ names, delayMs: 10, note: ['cluster.peer_answered'] })
  const before = box.events('cluster.peer_answered').length
  await box.clock.advance(10_000)
  const answers = box.events('cluster.peer_answered').slice(before)
  for (const by of names) {
    const peers = answers.filter((answer) => answer.by === by).map(({ peer }) => peer.split('.')[0])
    expect([...new Set(peers)].sort()).toEqual(names.filter((name) => name !== by))
    expect(peers.length).toBeGreaterThanOrEqual(2)
    expect(peers.length).toBeLessThanOrEqual(6)
  }
  expect(new Set(answers.map(({ durationMs }) => Math.round(durationMs)))).toEqual(new Set([20]))
})

test('a peer that does not answer is asked once, and what it says later is how long it took', async () => {
  const box = await Box.formed({ names: ['n1', 'n2'], delayMs: 1, note: ['cluster.peer_answered'] })
  await box.clock.advance(6000)
  box.network.cut('n1', 'n2', { oneWay: true, hold: true })
  const before = box.events('cluster.peer_answered').length
  await box.clock.advance(4000)
  box.network.heal()
  await box.clock.advance(6000)
  const late = box.events('cluster.peer_answered').slice(before)
  expect(Math.max(...late.map(({ durationMs }) => durationMs))).toBeGreaterThan(20)
  expect(box.node('n1').cluster.alive.size).toBe(2)
})

test('a change of the directory has come to a peer when its word of it is back', async () => {
  const box = await Box.formed({ names, delayMs: 10, node: { behaviours: [Lot] }, note: ['directory.replicated'] })
  const before = box.events('directory.replicated').length
  await box.through(box.node('n1').supervisor.startChild({ id: 'lot-1', start: [Lot, 'x'] }))
  await box.clock.advance(1000)
  const facts = box.events('directory.replicated').slice(before)
  const [writer] = new Set(facts.map(({ by }) => by))
  expect(facts.map(({ peer }) => peer.split('.')[0]).sort()).toEqual(names.filter((name) => name !== writer))
  for (const { lagMs } of facts) expect(Math.round(lagMs)).toBe(20)
  const sent = box.node(writer as string).snapshot().traffic
  for (const { replicationBytes, bytesOut } of sent) {
    expect(replicationBytes).toBeGreaterThan(50)
    expect(replicationBytes).toBeLessThan(bytesOut)
  }
})

test('what a peer that was away has merged late is as old as it is', async () => {
  const box = await Box.formed({ names: ['n1', 'n2'], delayMs: 1, note: ['directory.replicated'] })
  box.network.cut('n1', 'n2', { hold: true })
  box.node('n1').registry.putMeta('motto', 'festina lente')
  await box.clock.advance(3000)
  box.network.heal()
  await box.clock.advance(3000)
  const lags = box
    .events('directory.replicated')
    .filter(({ by }) => by === 'n1')
    .map(({ lagMs }) => lagMs)
  expect(Math.max(...lags)).toBeGreaterThanOrEqual(3000)
  expect(Math.max(...lags)).toBeLessThan(4000)
})
