// What is counted of peers outlives their links, and is forgotten with them.
import { expect, test } from 'vitest'
import { Membership } from '#src/cluster/membership.ts'
import { Traffic } from '#src/cluster/traffic.ts'
import { noLinkCounts } from '#src/cluster/transport/link-counts.ts'
import type { Link, LinkCounts } from '#src/cluster/transport/transport.ts'
import { Box } from '#test/support/box.ts'

const link = (peer: string, counts: Partial<LinkCounts>, queuedBytes = 0): Link => ({
  peer,
  peerAddress: `${peer}:1`,
  direction: 'out',
  protocol: 1,
  counts: { ...noLinkCounts(), ...counts },
  queuedBytes,
  isOverloaded: false,
  send: () => 0,
  close: () => {},
})

function known(...ids: readonly string[]): Membership {
  const membership = new Membership('self.1', 0)
  for (const id of ids) membership.linked(id, `${id}:1`, 0)
  return membership
}

test('links that have ended and links that are up are counted together, by the name of the peer', () => {
  const links = new Map([['n2.2', link('n2.2', { bytesOut: 5, sendErrors: 1 }, 7)]])
  const traffic = new Traffic(links, known('n2.1', 'n2.2', 'n3.1'))
  traffic.ended(link('n2.1', { bytesOut: 100, messagesIn: 3 }))
  traffic.ended(link('n3.1', { pauses: 2 }))
  expect(traffic.read()).toEqual([
    { ...noLinkCounts(), peer: 'n2', bytesOut: 105, messagesIn: 3, sendErrors: 1, queuedBytes: 7 },
    { ...noLinkCounts(), peer: 'n3', pauses: 2, queuedBytes: 0 },
  ])
})

test('reading it twice says the same', () => {
  const traffic = new Traffic(new Map([['n2.1', link('n2.1', { bytesIn: 5 })]]), known('n2.1'))
  traffic.ended(link('n2.1', { bytesIn: 1 }))
  expect(traffic.read()).toEqual(traffic.read())
})

test('a peer that nobody knows any more is forgotten', () => {
  const traffic = new Traffic(new Map(), known('n3.1'))
  traffic.ended(link('n2.1', { bytesOut: 100 }))
  expect(traffic.read()).toEqual([])
})

test('no count goes back when a node is killed and comes again', async () => {
  const box = await Box.formed({ names: ['n1', 'n2'] })
  const out = () =>
    box
      .node('n1')
      .snapshot()
      .traffic.find(({ peer }) => peer === 'n2')?.bytesOut ?? 0
  const before = out()
  expect(before).toBeGreaterThan(0)
  box.crash('n2')
  await box.clock.advance(3000)
  expect(out()).toBeGreaterThanOrEqual(before)
  box.start('n2')
  await box.clock.until(() => box.node('n1').cluster.alive.size === 2, 20_000)
  expect(out()).toBeGreaterThan(before)
})
