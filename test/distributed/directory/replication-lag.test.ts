// The ages of pushes, as peers say what they have merged.
import { expect, test } from 'vitest'
import { ReplicationLag } from '#src/distributed/directory/replication-lag.ts'

test('each push is measured once a peer, when the peer has merged it', () => {
  const lag = new ReplicationLag()
  for (const peer of ['n2.1', 'n3.1']) expect(lag.shown(peer, 0, 0)).toEqual([])
  lag.pushed(3, 100)
  lag.pushed(5, 110)
  expect(lag.shown('n2.1', 2, 120)).toEqual([])
  expect(lag.shown('n2.1', 5, 130)).toEqual([30, 20])
  expect(lag.shown('n2.1', 5, 140)).toEqual([])
  expect(lag.shown('n3.1', 3, 150)).toEqual([50])
})

test('what a new peer brings with it says nothing of how long it took', () => {
  const lag = new ReplicationLag()
  lag.pushed(3, 100)
  expect(lag.shown('n2.1', 3, 5000)).toEqual([])
  lag.pushed(4, 6000)
  expect(lag.shown('n2.1', 4, 6001)).toEqual([1])
})

test('a peer that was forgotten is a new one', () => {
  const lag = new ReplicationLag()
  lag.shown('n2.1', 0, 0)
  lag.pushed(1, 10)
  lag.forget('n2.1')
  expect(lag.shown('n2.1', 1, 20)).toEqual([])
})

test('while a peer is silent the oldest pushes make room', () => {
  const lag = new ReplicationLag()
  lag.shown('n2.1', 0, 0)
  for (let version = 1; version <= 1000; version++) lag.pushed(version, version)
  const ages = lag.shown('n2.1', 1000, 1000)
  expect(ages.length).toBe(64)
  expect(ages[0]).toBe(63)
})
