// The launcher's command lines: what they mean, and what a wrong one is told.
import { expect, test } from 'vitest'
import { readLaunchOptions, readRejoinOptions } from '#src/launcher/args.ts'
import { LaunchFailure } from '#src/launcher/failure.ts'

test('npm start without options: three nodes, ports from 4000, with load, for people', () => {
  expect(readLaunchOptions([])).toEqual({ nodes: 3, portBase: 4000, load: true, json: false, nats: false })
})

test('npm start with every option', () => {
  const options = readLaunchOptions(['--nodes', '5', '--port-base=4100', '--no-load', '--json', '--nats'])
  expect(options).toEqual({ nodes: 5, portBase: 4100, load: false, json: true, nats: true })
})

test('npm run node', () => {
  expect(readRejoinOptions(['--name', 'n3'])).toEqual({ name: 'n3', number: 3, portBase: 4000 })
  expect(readRejoinOptions(['--name=n12', '--port-base', '4100'])).toEqual({ name: 'n12', number: 12, portBase: 4100 })
})

test.for([
  [['--nodes', '0'], "--nodes: expected a whole number from 1 to 50, got '0'"],
  [['--nodes', '51'], 'from 1 to 50'],
  [['--nodes', 'three'], "got 'three'"],
  [['--nodes', '2.5'], "got '2.5'"],
  [['--nodes', '0x3'], "got '0x3'"],
  [['--nodes='], "got ''"],
  [['--port-base', '60433'], '--port-base: expected a whole number from 1 to 60432'],
  [['--port-base', '-1'], 'port-base'],
  [['--no-laod'], "Unknown option '--no-laod'"],
  [['--json=yes'], "'--json' does not take an argument"],
  [['three'], "Unexpected argument 'three'"],
] as const)('npm start %o ends with 2 and the usage', ([args, message]) => {
  expect(failureOf(() => readLaunchOptions(args))).toEqual([
    2,
    expect.stringContaining(message),
    expect.stringContaining('usage: npm start'),
  ])
})

test.for([
  [[], '--name is needed'],
  [['--name', 'n0'], "--name: expected n1 to n50, got 'n0'"],
  [['--name', 'N3'], "got 'N3'"],
  [['--name', '3'], "got '3'"],
  [['--name', 'n3; rm -r x'], "got 'n3; rm -r x'"],
  [['--name', 'n51'], "got 'n51'"],
  [['--name', 'n1', '--port-base', 'x'], '--port-base: expected'],
  [['n3'], "Unexpected argument 'n3'"],
] as const)('npm run node %o ends with 2 and the usage', ([args, message]) => {
  expect(failureOf(() => readRejoinOptions(args))).toEqual([
    2,
    expect.stringContaining(message),
    expect.stringContaining('usage: npm run node'),
  ])
})

function failureOf(read: () => unknown): [number, string, string] {
  try {
    read()
  } catch (error) {
    if (error instanceof LaunchFailure) return [error.exitCode, error.message, error.message]
  }
  throw new Error('it was not refused')
}
