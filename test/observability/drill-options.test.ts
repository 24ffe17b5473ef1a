// What `npm run drill` is told: its arguments as they are meant, and what is said of those that mean nothing.
import { expect, test } from 'vitest'
import { anywhereOf } from '#test/drill/drills.ts'
import { readOptions } from '#test/drill/options.ts'

const NODES = 'http://127.0.0.1:4001,http://127.0.0.1:4002/,http://127.0.0.1:4003'
const THERE = ['--prometheus', 'http://127.0.0.1:9090/', '--alertmanager', 'http://127.0.0.1:9093', '--nodes', NODES]

test('alone, an alert is played on a stack of the drill’s own, at a thirtieth of the times', () => {
  expect(readOptions(['OtpRestartStorm'])).toEqual({
    names: ['OtpRestartStorm'],
    factor: 1 / 30,
    out: 'drill-evidence',
    addresses: undefined,
  })
})

test('with addresses it is played there, with the times that are shipped', () => {
  expect(readOptions(['all', ...THERE, '--webhook', '9099', '--out', 'here'])).toEqual({
    names: ['all'],
    factor: 1,
    out: 'here',
    addresses: {
      prometheus: 'http://127.0.0.1:9090',
      alertmanager: 'http://127.0.0.1:9093',
      nodes: ['http://127.0.0.1:4001', 'http://127.0.0.1:4002', 'http://127.0.0.1:4003'],
      webhook: 9099,
    },
  })
})

test.for<[string[], string]>([
  [[], 'expected an alert, or all'],
  [['OtpNoSuch'], 'OtpNoSuch: no such alert'],
  [['all', '--factor', '2'], "--factor: expected a number above 0, 1 at most, got '2'"],
  [['all', '--factor', 'half'], "got 'half'"],
  [['all', '--prometheus', 'http://127.0.0.1:9090'], 'expected --prometheus, --alertmanager and --nodes together'],
  [['all', '--webhook', '9099'], 'expected --prometheus, --alertmanager and --nodes together'],
  [['all', ...THERE, '--webhook', '0'], "--webhook: expected a port, got '0'"],
  [['all', ...THERE, '--nodes', 'n1,n2,n3'], "--nodes: expected an address such as http://127.0.0.1:9090, got 'n1'"],
  [['all', '--outt', 'x'], "Unknown option '--outt'"],
])('%j is refused: %s', ([args, message]) => {
  expect(() => readOptions(args)).toThrow(message)
})

test('what runs already is broken over HTTP only; of the other alerts it is said why they are not played', () => {
  const { drills, reasons } = anywhereOf(['all'])
  expect(drills.length).toBeGreaterThan(5)
  const played = drills.flatMap(({ expects }) => expects.map(({ alert }) => alert))
  expect(played).toContain('OtpRestartStorm')
  expect(Object.keys(reasons)).toContain('OtpMembersMissing')
  expect(Object.keys(reasons).filter((name) => played.some((alert) => alert === name))).toEqual([])
})
