// An address under which a peer is reached that is linked by another address: a name in front of it, or a second network.
import { expect, test } from 'vitest'
import { seededRandom } from '#base'
import { Dialer } from '#src/cluster/dialer.ts'
import type { Transport } from '#src/cluster/transport/transport.ts'
import { FakeClock } from '#test/support/fake-clock.ts'

test('it is dialled again and again as after failures, each time later, and not as often as it can be', async () => {
  const clock = new FakeClock()
  const dials: number[] = []
  const transport = {
    dial: async () => {
      dials.push(clock.now())
      return { kind: 'duplicate', detail: 'linked already' }
    },
  } as unknown as Transport
  const failures: unknown[] = []
  const dialer = new Dialer(
    transport,
    clock,
    seededRandom(1),
    () => false,
    (...failure) => failures.push(failure),
  )
  dialer.keep('peer.example:1')
  await clock.advance(600_000)
  dialer.close()
  expect(dials.length).toBeLessThan(400)
  expect(failures).toEqual([])
})
