// Child specifications: every shape that cannot work is refused by a message that names what is wrong.
import { describe, expect, test } from 'vitest'
import { type ChildSpec, checkChildSpec, dynamicSupervisor, genServer, supervisor } from '#otp'
import { isRestarted, shutdownOf } from '#src/otp/child-spec.ts'

const Worker = genServer({ name: 'worker', init: () => 0 })
const spec = { id: 'a', start: [Worker] } as const satisfies ChildSpec
const START = 'expected start to be [behaviour, argument], such as [Lot, "Moon rock"]'
const refuse = (code: string, message: string) => expect.objectContaining({ code, message })

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'child specification undefined: expected id to be a string that is not empty'],
  ['null', null, 'child specification undefined: expected id to be a string that is not empty'],
  ['no id', { start: [Worker] }, 'child specification undefined: expected id to be a string that is not empty'],
  ['an empty id', { ...spec, id: '' }, 'child specification "": expected id to be a string that is not empty'],
  ['an id that is no string', { ...spec, id: 5 }, 'child specification 5: expected id to be a string that is not empty'],
  ['no start', { id: 'a' }, `child specification "a": ${START}`],
  ['a start that is no list', { ...spec, start: Worker }, `child specification "a": ${START}`],
  ['a start without a behaviour', { ...spec, start: [] }, `child specification "a": ${START}`],
  ['a start of a name', { ...spec, start: ['worker'] }, `child specification "a": ${START}`],
  ['a start of null', { ...spec, start: [null] }, `child specification "a": ${START}`],
  ['a start of something else', { ...spec, start: [{ name: 'worker' }] }, `child specification "a": ${START}`],
  [
    'a restart type that there is not',
    { ...spec, restart: 'always' },
    'child specification "a": expected restart to be one of permanent, transient, temporary, got "always"',
  ],
  ...[-1, Number.NaN, 'soon', null].map((startTimeoutMs): [string, unknown, string] => [
    `the start time-out ${startTimeoutMs}`,
    { ...spec, startTimeoutMs },
    `child specification "a": expected startTimeoutMs to be milliseconds, got ${JSON.stringify(startTimeoutMs)}`,
  ]),
  ...[-1, Number.NaN, 'soon', null].map((shutdown): [string, unknown, string] => [
    `the shutdown ${shutdown}`,
    { ...spec, shutdown },
    `child specification "a": expected shutdown to be 'brutal_kill', 'infinity' or milliseconds, got ${JSON.stringify(shutdown)}`,
  ]),
])('%s is refused', (_what, bad, message) => {
  expect(() => checkChildSpec(bad as ChildSpec)).toThrow(refuse('ERR_OTP_OTP_BAD_CHILD_SPEC', message))
})

test.each<[string, Partial<ChildSpec>]>([
  ['only what is needed', {}],
  ['an argument', { start: [Worker, { any: 'thing' }] }],
  ['each restart type', { restart: 'transient' }],
  ['a shutdown of no time', { shutdown: 0 }],
  ['brutal_kill', { shutdown: 'brutal_kill' }],
  ['infinity', { shutdown: 'infinity' }],
])('%s is taken', (_what, changes) => {
  expect(() => checkChildSpec({ ...spec, ...changes })).not.toThrow()
})

describe('a supervisor', () => {
  test('refuses two children of one id when it is made', () => {
    expect(() => supervisor({ name: 'node', children: [spec, spec] })).toThrow(
      refuse('ERR_OTP_OTP_BAD_CHILD_SPEC', "two children of node have the id 'a'"),
    )
  })

  test('refuses a bad specification when it is made', () => {
    expect(() => supervisor({ name: 'node', children: [{ ...spec, id: '' }] })).toThrow(/expected id/)
  })

  test.each([
    [{ maxRestarts: -1 }, '-1 and 5000'],
    [{ maxRestarts: 1.5 }, '1.5 and 5000'],
    [{ maxRestarts: Number.NaN }, 'NaN and 5000'],
    [{ periodMs: 0 }, '3 and 0'],
    [{ periodMs: Number.NaN }, '3 and NaN'],
  ])('refuses the limits %o', (limits, got) => {
    const message = `expected maxRestarts to be a whole number from 0 and periodMs to be above 0, got ${got}`
    const refusal = refuse('ERR_OTP_OTP_BAD_RESTART_LIMITS', message)
    expect(() => supervisor({ name: 'node', children: [], ...limits })).toThrow(refusal)
    expect(() => dynamicSupervisor({ name: 'node', ...limits })).toThrow(refusal)
  })

  test.each([-1, Number.NaN])('that is dynamic refuses %d children at most', (maxChildren) => {
    const message = `expected maxChildren to be a number from 0, got ${maxChildren}`
    expect(() => dynamicSupervisor({ name: 'node', maxChildren })).toThrow(refuse('ERR_OTP_OTP_BAD_RESTART_LIMITS', message))
  })
})

test('a worker has 5 seconds to end, a supervisor as long as it needs, if nothing else is said', () => {
  expect(shutdownOf(spec)).toBe(5000)
  expect(shutdownOf({ id: 'b', start: [supervisor({ name: 'b', children: [] })] })).toBe('infinity')
  expect(shutdownOf({ ...spec, shutdown: 'brutal_kill' })).toBe('brutal_kill')
})

test.each([
  [undefined, true, true, true, true],
  ['permanent', true, true, true, true],
  ['transient', false, false, true, true],
  ['temporary', false, false, false, false],
] as const)('a child with the restart type %s is started again as OTP says', (restart, normal, shutdown, crash, killed) => {
  expect(isRestarted(restart, 'normal')).toBe(normal)
  expect(isRestarted(restart, 'shutdown')).toBe(shutdown)
  expect(isRestarted(restart, { shutdown: 'x' })).toBe(shutdown)
  expect(isRestarted(restart, 'oops')).toBe(crash)
  expect(isRestarted(restart, 'killed')).toBe(killed)
})
