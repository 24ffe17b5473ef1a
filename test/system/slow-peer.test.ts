// A peer whose OS process is stopped reads nothing: what is sent to it is refused at a limit, memory stays bounded, and it is found to be silent.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { createNode, type ExitError, type Node, NodeRef, staticTopology } from '#otp-labs'
import { eventually } from '#test/support/eventually.ts'
import { Command, endCommands } from './support/os.ts'
import type { Sink } from './support/sink.ts'

const MIB = 1024 * 1024
/** What is sent to the stopped peer in all: far more than may wait. */
const SENT = 512 * MIB
const PIECE = MIB / 4

let node: Node | undefined

afterEach(async () => {
  await node?.stop()
  await endCommands()
})

test('512 MiB for a peer that is stopped cost no more than the limit; the link ends as silent, and comes back with the peer', async () => {
  const far = new Command(process.execPath, ['test/system/support/sink.ts'])
  const { address, id } = await eventually('the other node runs', 20_000, () => far.stdout !== '' && JSON.parse(far.stdout))
  node = await createNode({
    name: 'near',
    cluster: 'slow-peer',
    secret: 'the secret of this test',
    topologies: [staticTopology({ addresses: [address] })],
  })
  const { cluster, events } = node
  const letters: Record<string, number> = {}
  const downs: string[] = []
  events.subscribe('the test', {
    'process.dead_letter': ({ reason }) => {
      letters[reason] = (letters[reason] ?? 0) + 1
    },
    'cluster.link_down': ({ reason }) => downs.push(reason),
  })
  const sink = new NodeRef<typeof Sink>(id, 'sink', 'sink')
  await eventually('the nodes are linked', 10_000, () => cluster.isLinked(id))
  expect(await node.call(sink, 'count')).toBe(0)

  far.kill('SIGSTOP')
  const before = process.memoryUsage.rss()
  let most = 0
  for (let sent = 0; sent < SENT; sent += PIECE) {
    node.cast(sink, 'take', new Uint8Array(PIECE))
    if (sent % (16 * PIECE) === 0) await sleep(1)
    most = Math.max(most, ...[...cluster.links].map(({ queuedBytes }) => queuedBytes))
  }
  expect(most).toBeLessThan(17 * MIB)
  expect(letters.overloaded).toBeGreaterThan(1500)
  expect(((await node.call(sink, 'count').catch((error: ExitError) => error)) as ExitError).reason).toBe('overloaded')
  // What a garbage collector has not yet looked at is in it, too.
  expect(process.memoryUsage.rss() - before).toBeLessThan(256 * MIB)
  await eventually('the link is found to be silent', 15_000, () => downs.includes('silent'))

  far.kill('SIGCONT')
  await eventually('the nodes are linked again', 20_000, () => cluster.isLinked(id))
  expect(await node.call(sink, 'count')).toBeLessThan(100)
})
