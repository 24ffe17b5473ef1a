// Pids and exit reasons: values that print themselves and can be read again.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Crash, describeExit, ExitError, type ExitReason, exitClass, isOrderly, NodeRef, Pid, parsePid } from '#process'

describe('a pid', () => {
  test('prints as node and serial, and is read again from it (property)', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][A-Za-z0-9_-]{0,9}\.[0-9a-z]{1,8}$/), fc.integer({ min: 1, max: 2 ** 40 }), (node, serial) => {
        const pid = new Pid(node, serial)
        expect(parsePid(String(pid)).equals(pid)).toBe(true)
        expect(JSON.stringify({ pid })).toBe(`{"pid":"${node}.${serial}"}`)
      }),
    )
  })

  test.each(['', 'n1', 'n1.42', 'n1.lq3f9a.', 'n1.lq3f9a.0', 'n1.lq3f9a.-1', 'n1.LQ.1', 'n 1.a.1', 'n1.a.1.2'])('%j is none', (text) => {
    expect(() => parsePid(text)).toThrow(
      expect.objectContaining({ code: 'ERR_OTP_PROCESS_BAD_PID', message: expect.stringContaining('n1.lq3f9a.42') }),
    )
  })

  test('of another node, or of another life of this one, is another', () => {
    const pid = new Pid('n1.a', 1)
    expect(pid.equals(new Pid('n1.a', 1))).toBe(true)
    expect(pid.equals(new Pid('n1.b', 1))).toBe(false)
    expect(pid.equals(new Pid('n1.a', 2))).toBe(false)
  })
})

test('a name of some node prints as OTP writes it', () => {
  expect(String(new NodeRef('n1.a', 'observer'))).toBe('observer@n1.a')
})

const crash = new Crash(new TypeError('broken'))

test.each<[ExitReason, string, boolean, string]>([
  ['normal', 'normal', true, 'normal'],
  ['shutdown', 'shutdown', true, 'shutdown'],
  [{ shutdown: 'handoff' }, 'shutdown', true, '{shutdown, handoff}'],
  [{ shutdown: { id: 1 } }, 'shutdown', true, '{shutdown, {"id":1}}'],
  ['killed', 'killed', false, 'killed'],
  ['noproc', 'noproc', false, 'noproc'],
  ['noconnection', 'noconnection', false, 'noconnection'],
  ['timeout', 'timeout', false, 'timeout'],
  ['oops', 'error', false, 'oops'],
  [crash, 'error', false, 'TypeError: broken'],
])('the reason %o is of the class %s', (reason, kind, orderly, words) => {
  expect([exitClass(reason), isOrderly(reason), describeExit(reason)]).toEqual([kind, orderly, words])
})

test('a crash keeps the error as it was thrown, and makes one of what is none', () => {
  const error = new RangeError('far')
  expect(new Crash(error).error).toBe(error)
  expect(new Crash('text').error.message).toBe('thrown: text')
  expect(new Crash({ code: 7 }).error.message).toBe('thrown: {"code":7}')
  expect(JSON.parse(JSON.stringify(new Crash(error)))).toEqual({ error: 'RangeError', message: 'far', stack: error.stack })
})

test('an exit error says what failed and why, and has the crash as its cause', () => {
  expect(new ExitError(crash, "call 'bid' failed")).toMatchObject({
    name: 'ExitError',
    message: "call 'bid' failed: TypeError: broken",
    reason: crash,
    cause: crash.error,
  })
  expect(new ExitError('noproc', 'call').cause).toBeUndefined()
})
