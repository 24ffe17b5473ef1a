// Links on which nothing comes: found by time, however healthy they look.
import { beforeEach, describe, expect, test } from 'vitest'
import { SilentLinks } from '#src/cluster/silent-links.ts'
import { noLinkCounts } from '#src/cluster/transport/link-counts.ts'
import type { Link } from '#src/cluster/transport/transport.ts'
import { Box } from '#test/support/box.ts'

function link(peer: string): Link {
  const counts = noLinkCounts()
  return {
    peer,
    peerAddress: `${peer}:1`,
    direction: 'out',
    protocol: 1,
    counts,
    queuedBytes: 0,
    isOverloaded: false,
    send: () => 0,
    close: () => {},
  }
}

describe('a link', () => {
  const [a, b] = [link('a.1'), link('b.1')]
  let silent: SilentLinks

  beforeEach(() => {
    silent = new SilentLinks(5000)
  })

  /** What is found at each second from one moment to another, while `heard` goes on saying something. */
  const found = (from: number, to: number, heard: readonly Link[] = []): string[] => {
    const peers: string[] = []
    for (let now = from; now <= to; now += 1000) {
      for (const each of heard) each.counts.bytesIn += 20
      peers.push(...silent.find([a, b], now, 0).map(({ peer }) => `${peer} at ${now}`))
    }
    return peers
  }

  test('is silent when nothing has come for the limit, and only then', () => {
    expect(found(0, 4000, [a, b])).toEqual([])
    expect(found(5000, 8000, [a])).toEqual([])
    expect(found(9000, 9000, [a])).toEqual(['b.1 at 9000'])
  })

  test('is not judged by time that stood still for this node', () => {
    found(0, 0)
    expect(silent.find([a, b], 60_000, 59_000)).toEqual([])
    expect(found(61_000, 63_000)).toEqual([])
    expect(found(64_000, 64_000)).toEqual(['a.1 at 64000', 'b.1 at 64000'])
  })
})

test('a link that is half open is closed as silent after 5 s and dialled again', async () => {
  const box = await Box.formed({ names: ['n1', 'n2'], note: ['cluster.link_down', 'cluster.link_up'] })
  const { id } = box.node('n2')
  // The other host is gone without a word, and its packets with it; TCP will be patient.
  box.network.cut('n1', 'n2')
  const cutAt = box.clock.now()
  await box.clock.until(() => box.events('cluster.link_down').length > 0, 20_000)
  const down = box.noted.filter(({ type }) => type === 'cluster.link_down')
  expect(down.map(({ event }) => event)).toEqual(expect.arrayContaining([expect.objectContaining({ peer: id, reason: 'silent' })]))
  expect((down[0]?.at ?? 0) - cutAt).toBeGreaterThanOrEqual(4000)
  expect((down[0]?.at ?? 0) - cutAt).toBeLessThanOrEqual(7000)
  box.network.heal()
  await box.clock.until(() => box.node('n1').cluster.isLinked(id), 20_000)
  for (const node of box.live()) await box.stop(node.name)
})
