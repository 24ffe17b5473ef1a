// A gen_statem that moves: its state and data, its time-outs, and the events that it has put off.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { genStatem, keepState, keepStateAndData, nextState, type Self } from '#otp-labs'
import { Box } from '#test/support/box.ts'

interface Data {
  readonly code: string
  readonly heard: readonly string[]
}

/** What ran, and on which node. */
let ran: string[]

const nothing: readonly string[] = []
const heard = (data: Data, what: string): Data => ({ ...data, heard: [...data.heard, what] })

const Door = genStatem({
  name: 'door',
  init: (code: string, self: Self) => {
    ran.push(`init ${self.pid.node}`)
    return nextState('locked', { code, heard: nothing }, { timeouts: { rust: { ms: 2000, content: 'brown' } } })
  },
  states: {
    locked: {
      enter: (_data, previous) => {
        ran.push(`enter locked from ${previous}`)
        return keepStateAndData()
      },
      calls: { push: (_data: Data, _who: string) => keepStateAndData({ postpone: true }) },
      casts: {
        note: (_data: Data, _what: string) => keepStateAndData({ postpone: true }),
        button: (data: Data, code: string) =>
          code === data.code ? nextState('open', data, { stateTimeout: { ms: 1000, content: 'draught' } }) : keepStateAndData(),
      },
    },
    open: {
      calls: { push: (data: Data, who: string) => keepState(heard(data, `push ${who}`), { reply: 'through' }) },
      casts: { note: (data: Data, what: string) => keepState(heard(data, what)) },
      stateTimeout: (data: Data, why: string) => nextState('locked', heard(data, `shut by ${why}`)),
    },
  },
  all: {
    calls: {
      look: (data: Data, _nothing: undefined, _self: Self, state: string) => keepState(data, { reply: [state, data.heard] as const }),
    },
    timeouts: { rust: (data: Data, colour: string) => keepState(heard(data, `rust ${colour}`)) },
  },
  handoff: { version: 1, save: (data) => [data.code, ...data.heard], load: (data) => loaded(data as string[]) },
})

/** Of another release, without one of the states. */
const OldDoor = genStatem({
  name: 'door',
  init: (code: string) => nextState('locked', { code, heard: nothing }),
  states: { locked: {} },
  handoff: { version: 1, save: (data) => [data.code, ...data.heard], load: (data) => loaded(data as string[]) },
})

function loaded([code = '', ...rest]: readonly string[]): Data {
  return { code, heard: rest }
}

const names = ['n1', 'n2', 'n3']
let box: Box

beforeEach(() => {
  ran = []
})

afterEach(async () => {
  for (const running of box.live()) await box.stop(running.name)
})

async function withDoor(nodeOf: (name: string) => object = () => ({})): Promise<void> {
  box = await Box.formed({ names, delayMs: 0, node: { behaviours: [Door] }, nodeOf, note: ['handoff.ended', 'process.dead_letter'] })
  expect(await box.through(box.node('n1').supervisor.startChild({ id: 'front', start: [Door, '1234'] }))).toMatchObject({ ok: true })
  await box.clock.advance(0)
}

const front = Door.named('front')
const home = () => box.node('n1').registry.lookup('front')?.node.split('.')[0] as string
const others = () => names.filter((name) => name !== home())
const look = (by = 'n1') => box.through(box.node(by).call(front, 'look'))
const move = (to: string) => box.through(box.node('n1').supervisor.moveChild('front', to))

test('keeps its state and its data, and enters nothing', async () => {
  await withDoor()
  box.node('n1').cast(front, 'button', '1234')
  box.node('n1').cast(front, 'note', 'hello')
  await box.clock.advance(100)
  const before = [...ran]
  expect(await move(others()[0] as string)).toEqual({ ok: true, outcome: 'completed' })
  for (const name of names) expect(await look(name)).toEqual(['open', ['hello']])
  expect(ran).toEqual(before)
})

test('takes its time-outs along, each with its content and the time that is left', async () => {
  await withDoor()
  const start = box.clock.now()
  box.node(home()).cast(front, 'button', '1234')
  await box.clock.advance(300)
  await move(others()[0] as string)
  await box.clock.advance(999 - (box.clock.now() - start))
  expect(await look()).toEqual(['open', []])
  await box.clock.advance(5)
  expect(await look()).toEqual(['locked', ['shut by draught']])
  await move(others()[0] as string)
  await box.clock.advance(1990 - (box.clock.now() - start))
  expect(await look()).toEqual(['locked', ['shut by draught']])
  await box.clock.advance(20)
  expect(await look()).toEqual(['locked', ['shut by draught', 'rust brown']])
})

test('takes along what it has put off, before what came later; callers are answered by the new place, once', async () => {
  await withDoor()
  const [from, to, by] = [home(), ...others()] as [string, string, string]
  const answers: unknown[] = []
  for (const name of [from, by, to])
    void box
      .node(name)
      .call(front, 'push', name, { timeoutMs: 60_000 })
      .then((answer) => answers.push(answer))
  await box.clock.advance(1)
  for (const what of ['one', 'two']) box.node(by).cast(front, 'note', what)
  await box.clock.advance(1)
  expect(await look()).toEqual(['locked', []])
  const moved = move(to)
  box.node(by).cast(front, 'note', 'three')
  expect(await moved).toEqual({ ok: true, outcome: 'completed' })
  box.node(by).cast(front, 'note', 'four')
  await box.clock.advance(100)
  expect([await look(), answers]).toEqual([['locked', []], []])
  box.node(by).cast(front, 'button', '1234')
  await box.clock.advance(100)
  expect(answers).toEqual(['through', 'through', 'through'])
  const [, all] = (await look()) as [string, string[]]
  expect(all).toEqual([`push ${from}`, `push ${by}`, `push ${to}`, 'one', 'two', 'three', 'four'])
  expect(box.events('process.dead_letter')).toEqual([])
})

test('that is put back keeps what it has put off', async () => {
  await withDoor()
  const [from, to] = [home(), others()[0] as string]
  const answer = box.node(to).call(front, 'push', to, { timeoutMs: 60_000 })
  await box.clock.advance(10)
  box.network.cut(from, to, { hold: true })
  expect(await box.through(box.node(from).supervisor.moveChild('front', to))).toEqual({ ok: false, outcome: 'resumed' })
  box.network.heal()
  await box.clock.advance(1000)
  box.node(from).cast(front, 'button', '1234')
  expect(await box.through(answer)).toBe('through')
})

test('stays where it is if the other node does not have its state', async () => {
  await withDoor((name) => (name === 'n1' ? {} : { behaviours: [OldDoor] }))
  if (home() !== 'n1') await move('n1')
  await box.clock.advance(10)
  box.node('n1').cast(front, 'button', '1234')
  await box.clock.advance(10)
  expect(await move('n2')).toEqual({ ok: false, outcome: 'refused' })
  expect(box.events('handoff.ended').at(-1)?.because).toContain('expected one of the states locked, got open')
  expect(await look('n3')).toEqual(['open', []])
})
