// The dialer: how soon an address is dialled again.
import { expect, test } from 'vitest'
import { seededRandom } from '#base'
import { Dialer } from '#src/cluster/dialer.ts'
import type { DialFailure, Transport } from '#src/cluster/transport/transport.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { testSeed } from '#test/support/seed.ts'

/** A dialer whose every dial fails, and when it dialled. */
function failing(kind: DialFailure['kind']): { clock: FakeClock; dialer: Dialer; dials: number[] } {
  const clock = new FakeClock()
  const dials: number[] = []
  const transport: Transport = {
    address: 'a:1',
    listen: async () => undefined,
    dial: async () => {
      dials.push(clock.now())
      return { kind, detail: 'planted' }
    },
    close: async () => undefined,
  }
  const dialer = new Dialer(
    transport,
    clock,
    seededRandom(testSeed),
    () => false,
    () => undefined,
  )
  return { clock, dialer, dials }
}

test('a dial that was reset is repeated within 15 ms: a process that is being killed may reset before it stops to listen', async () => {
  const { clock, dialer, dials } = failing('unreachable')
  dialer.dial('b:1')
  await clock.advance(15)
  expect(dials.length).toBeGreaterThanOrEqual(2)
})

test('an address that never answers is dialled ever more seldom, and at least every five seconds or so', async () => {
  const { clock, dialer, dials } = failing('refused')
  dialer.keep('b:1')
  await clock.advance(60_000)
  const gaps = dials.slice(1).map((at, i) => at - (dials[i] as number))
  const inFirstSecond = dials.filter((at) => at < 1000).length
  expect(inFirstSecond).toBeLessThan(25)
  expect(Math.max(...gaps)).toBeLessThanOrEqual(5005)
  expect(dials.filter((at) => at >= 30_000).length).toBeLessThan(40)
})

test('who asks to dial now does not wait for the back-off', async () => {
  const { clock, dialer, dials } = failing('unreachable')
  dialer.dial('b:1')
  await clock.advance(20_000)
  const before = dials.length
  dialer.dial('b:1')
  await clock.advance(0)
  expect(dials.length).toBe(before + 1)
})

test('where a member may be back at any moment it is dialled at once, and then at least every 0.3 s, until it is sought no more', async () => {
  const { clock, dialer, dials } = failing('timeout')
  dialer.keep('b:1')
  await clock.advance(30_000)
  const before = dials.length
  dialer.seek(new Set(['b:1']))
  await clock.advance(0)
  expect(dials.length).toBe(before + 1)
  await clock.advance(20_000)
  const sought = dials.slice(before)
  expect(Math.max(...sought.slice(1).map((at, i) => at - (sought[i] as number)))).toBeLessThanOrEqual(305)
  dialer.seek(new Set())
  const after = dials.length
  await clock.advance(20_000)
  expect(dials.length - after).toBeLessThan(30)
})
