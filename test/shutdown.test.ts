// The end of a node's OS process: in order at the first wish, without waiting at the second, at once at the third.
import { beforeEach, expect, test } from 'vitest'
import { Shutdown } from '#src/shutdown.ts'
import { FakeClock, settled } from '#test/support/fake-clock.ts'

let clock: FakeClock
let told: string[]
let shutdown: Shutdown

beforeEach(() => {
  clock = new FakeClock()
  told = []
  shutdown = new Shutdown({
    clock,
    exit: (code) => told.push(`exit ${code}`),
    log: (level, _fields, text) => told.push(`${level}: ${text.split(':')[0]}`),
  })
})

const step = (name: string) =>
  shutdown.add(() => {
    told.push(name)
    return Promise.resolve()
  })
/** A step that goes on until nobody wants to wait. */
const patient = (name: string) =>
  shutdown.add(async (hastened) => {
    told.push(`${name} begins`)
    if (!hastened.aborted) await new Promise((resolve) => hastened.addEventListener('abort', resolve))
    told.push(`${name} ends`)
  })

test('the first wish undoes what was started last first, and ends with 0', async () => {
  for (const name of ['telemetry', 'node', 'server']) step(name)
  expect(shutdown.isUnderWay).toBe(false)
  shutdown.wish('SIGTERM')
  expect(shutdown.isUnderWay).toBe(true)
  await settled()
  expect(told).toEqual(['info: stopping', 'server', 'node', 'telemetry', 'exit 0'])
})

test('the second wish hastens: every step still has its turn, and it ends with 0', async () => {
  step('telemetry')
  patient('node')
  patient('drain')
  shutdown.wish('SIGTERM')
  await settled()
  expect(told).toEqual(['info: stopping', 'drain begins'])
  shutdown.wish('SIGINT')
  await settled()
  expect(told.slice(2)).toEqual(['warn: told to stop a second time', 'drain ends', 'node begins', 'node ends', 'telemetry', 'exit 0'])
})

test('the third wish ends it at once with 1', async () => {
  shutdown.add(() => new Promise(() => undefined))
  for (const signal of ['SIGTERM', 'SIGTERM', 'SIGTERM']) shutdown.wish(signal)
  await settled()
  expect(told.at(-1)).toBe('exit 1')
})

test('a step that fails keeps no other from its turn', async () => {
  step('telemetry')
  shutdown.add(() => Promise.reject(new Error('no')))
  shutdown.wish('SIGTERM')
  await settled()
  expect(told.slice(1)).toEqual(['error: a step of the shutdown failed', 'telemetry', 'exit 0'])
})

test('what takes longer than everything may is ended with 1', async () => {
  shutdown.withinMs = 1000
  shutdown.add(() => new Promise(() => undefined))
  shutdown.wish('SIGTERM')
  await clock.advance(999)
  expect(told).toHaveLength(1)
  await clock.advance(1)
  expect(told.slice(1)).toEqual(['error: could not stop in time', 'exit 1'])
})

test('an end for another reason has its own code, and is no second wish', async () => {
  patient('drain')
  shutdown.begin('it cannot go on', 1)
  shutdown.begin('nor can its parent', 0)
  await settled()
  expect(told).toEqual(['info: stopping', 'drain begins'])
  shutdown.wish('SIGTERM')
  await settled()
  expect(told.at(-1)).toBe('exit 1')
})
