// The command line of the proofs: what is read, and what is refused in words.
import { expect, test } from 'vitest'
import { readProveOptions } from './options.ts'

const read = (...args: string[]) => readProveOptions(args, 7)

test('a scenario is enough', () => {
  const defaults = { rounds: 10, lots: 120, rate: 200, seed: 7, out: undefined }
  expect(read('rolling-restart')).toEqual({ scenario: 'rolling-restart', stores: ['none', 'memory'], ...defaults })
  expect(read('kill-during-drain')).toEqual({ scenario: 'kill-during-drain', stores: ['memory', 'sqlite'], ...defaults })
})

test('every option is read', () => {
  const args = ['--rounds', '2', '--store', 'sqlite', '--lots', '30', '--rate', '50', '--seed', '1', '--out', 'there']
  expect(read('rolling-restart', ...args)).toEqual({
    scenario: 'rolling-restart',
    rounds: 2,
    stores: ['sqlite'],
    lots: 30,
    rate: 50,
    seed: 1,
    out: 'there',
  })
})

test('schedules of faults: how many, or which one, with which arbiter', () => {
  const defaults = {
    scenario: 'single-owner',
    schedules: 20,
    schedule: undefined,
    servers: undefined,
    clusters: 5,
    seed: 7,
    out: undefined,
  }
  expect(read('single-owner')).toEqual({ ...defaults, arbiters: ['nats', 'optimistic'] })
  const args = ['--schedules', '200', '--arbiter', 'nats', '--servers', '3', '--clusters', '4', '--seed', '1', '--out', 'there']
  expect(read('single-owner', ...args, '--schedule', '17')).toEqual({
    scenario: 'single-owner',
    arbiters: ['nats'],
    schedules: 200,
    schedule: 17,
    servers: 3,
    clusters: 4,
    seed: 1,
    out: 'there',
  })
})

test.for([
  [[], "expected rolling-restart, kill-during-drain or single-owner, got ''"],
  [['restart'], "expected rolling-restart, kill-during-drain or single-owner, got 'restart'"],
  [['rolling-restart', '--rounds', '0'], "--rounds: expected a whole number from 1 to 1000, got '0'"],
  [['rolling-restart', '--store', 'disk'], "--store: expected none, memory, sqlite, got 'disk'"],
  [['kill-during-drain', '--store', 'none'], '--store none: what is written nowhere is lost with its node'],
  [['single-owner', '--arbiter', 'zookeeper'], "--arbiter: expected nats, optimistic or both, got 'zookeeper'"],
  [['single-owner', '--servers', '2'], "--servers: expected 1 or 3, got '2'"],
  [['single-owner', '--rounds', '2'], "Unknown option '--rounds'"],
  [['rolling-restart', 'single-owner'], "expected single-owner alone, got 'rolling-restart single-owner'"],
  [['rolling-restart', '--fast'], "Unknown option '--fast'"],
] as const)('%s is refused: %s', ([args, message]) => {
  expect(() => read(...args)).toThrow(message)
  expect(() => read(...args)).toThrow('usage: npm run prove')
})
