// sys, sentence by sentence: what can be asked of a behaviour from outside, in its order and while it is suspended.
import { describe, expect, test } from 'vitest'
import { type ChildSpec, genServer, genStatem, keepState, nextState, noReply, ok, reply, type Self, stop, supervisor, sys } from '#otp'
import { describeExit, type ExitReason, Pid, type Process, type ReplyTo } from '#process'
import { call, start } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

const ends: string[] = []

const Counter = genServer({
  name: 'counter',
  init: (n: number) => n,
  calls: {
    look: (n) => reply(n, n),
    later: (n, _nothing: undefined, self: Self) => {
      asking.push(self.from as ReplyTo)
      return noReply(n)
    },
  },
  casts: {
    add: (n, by: number) => n + by,
    answer: (n, value: string, self: Self) => {
      for (const from of asking.splice(0)) self.reply(from, value)
      return n
    },
    wait: async (n, promise: Promise<void>) => promise.then(() => n),
  },
  infos: { timeout: () => -1 },
  terminate: (n, reason) => void ends.push(`${n} ${describeExit(reason)}`),
})
const asking: ReplyTo[] = []

const Switch = genStatem({
  name: 'switch',
  init: () => nextState('off', { pushed: 0 }),
  states: {
    off: { casts: { push: ({ pushed }) => nextState('on', { pushed: pushed + 1 }, { stateTimeout: 1000 }) } },
    on: { casts: { push: ({ pushed }) => nextState('off', { pushed: pushed + 1 }) }, stateTimeout: (data) => nextState('off', data) },
  },
})

function counter(n = 0): { lab: Lab; process: Process; system: ReturnType<typeof sys> } {
  ends.length = 0
  asking.length = 0
  const lab = new Lab()
  return { lab, process: start(lab, Counter, n), system: sys(lab.runtime) }
}

describe('getState', () => {
  test('gets the state of a gen_server', async () => {
    const { process, system } = counter(7)
    expect(await system.getState(process.pid)).toBe(7)
  })

  test('gets the state and the data of a gen_statem', async () => {
    const lab = new Lab()
    expect(await sys(lab.runtime).getState(start(lab, Switch).pid)).toEqual({ state: 'off', data: { pushed: 0 } })
  })

  test('comes in the order of the mailbox: after what was sent before, ahead of what was sent after', async () => {
    const { process, system } = counter(0)
    process.cast(process.pid, 'add', 1)
    const between = system.getState(process.pid)
    process.cast(process.pid, 'add', 10)
    expect(await between).toBe(1)
    expect(await system.getState(process.pid)).toBe(11)
  })

  test('waits while an asynchronous callback is under way', async () => {
    const { lab, process, system } = counter(5)
    const open = gate()
    process.cast(process.pid, 'wait', open.promise)
    let got: unknown
    const asked = system.getState(process.pid).then((state) => {
      got = state
    })
    await lab.settle()
    expect(got).toBeUndefined()
    open.resolve()
    await asked
    expect(got).toBe(5)
  })

  test('times out after the time given, 5 s if none is', async () => {
    const { lab, process, system } = counter()
    process.cast(process.pid, 'wait', new Promise(() => undefined))
    const given = system.getState(process.pid, { timeoutMs: 100 }).catch((error: unknown) => error)
    const usual = system.getState(process.pid).catch((error: unknown) => error)
    await lab.clock.advance(200)
    expect(await given).toMatchObject({ reason: 'timeout' })
    await lab.clock.advance(5000)
    expect(await usual).toMatchObject({ reason: 'timeout' })
  })

  test('of nobody fails with noproc', async () => {
    const { process, system } = counter()
    process.die('oops')
    await expect(system.getState(process.pid)).rejects.toMatchObject({ reason: 'noproc' })
    await expect(system.getState('nobody')).rejects.toMatchObject({ reason: 'noproc' })
  })

  test('of a process that ends first fails with its reason', async () => {
    const { process, system } = counter()
    const asked = system.getState(process.pid)
    process.die('oops')
    await expect(asked).rejects.toMatchObject({ reason: 'oops' })
  })

  test('of a process of another node is misuse', () => {
    const { system } = counter()
    expect(() => system.getState(new Pid('n2.a', 1))).toThrow(expect.objectContaining({ code: 'ERR_OTP_PROCESS_NOT_LOCAL' }))
  })

  test('is no call of the behaviour in what is counted', async () => {
    const { lab, process, system } = counter()
    await system.getState(process.pid)
    expect(lab.runtime.counts('counter')).toMatchObject({ handled: 0, calls: { ok: 0 } })
  })
})

describe('replaceState', () => {
  test('replaces the state by what the function makes of it, and answers the new one', async () => {
    const { lab, process, system } = counter(7)
    expect(await system.replaceState(process.pid, (n) => (n as number) * 2)).toBe(14)
    expect(await call(lab, process, 'look')).toBe(14)
  })

  test('replaces state and data of a gen_statem', async () => {
    const lab = new Lab()
    const process = start(lab, Switch)
    await sys(lab.runtime).replaceState(process.pid, () => ({ state: 'on', data: { pushed: 9 } }))
    process.cast(process.pid, 'push')
    expect(await sys(lab.runtime).getState(process.pid)).toEqual({ state: 'off', data: { pushed: 10 } })
  })

  test('whose function throws leaves the state as it was, and the error reaches who asked alone', async () => {
    const { process, system } = counter(7)
    const failing = system.replaceState(process.pid, () => {
      throw new RangeError('no')
    })
    await expect(failing).rejects.toMatchObject({ reason: { error: { message: 'no' } } })
    expect([process.isAlive, await system.getState(process.pid)]).toEqual([true, 7])
  })

  test('of a gen_statem by a state that there is not is refused', async () => {
    const lab = new Lab()
    const process = start(lab, Switch)
    const failing = sys(lab.runtime).replaceState(process.pid, () => ({ state: 'broken', data: 0 }))
    await expect(failing).rejects.toMatchObject({ reason: { error: { code: 'ERR_OTP_OTP_BAD_RETURN' } } })
    expect(await sys(lab.runtime).getState(process.pid)).toMatchObject({ state: 'off' })
  })
})

describe('suspend', () => {
  test('makes the process handle system messages only: ordinary ones wait', async () => {
    const { lab, process, system } = counter(1)
    await system.suspend(process.pid)
    process.cast(process.pid, 'add', 1)
    process.info('timeout', undefined)
    const asked = call(lab, process, 'look')
    await lab.settle()
    expect([await system.getState(process.pid), process.depth, process.status]).toEqual([1, 3, 'suspended'])
    await system.resume(process.pid)
    expect(await asked).toBe(-1)
  })

  test('takes effect in the order of the mailbox', async () => {
    const { process, system } = counter(0)
    process.cast(process.pid, 'add', 1)
    const suspended = system.suspend(process.pid)
    process.cast(process.pid, 'add', 10)
    const after = system.getState(process.pid)
    await suspended
    expect(await after).toBe(1)
  })

  test('lets system messages pass by ordinary ones that wait', async () => {
    const { process, system } = counter(0)
    void system.suspend(process.pid)
    process.cast(process.pid, 'add', 1)
    void system.replaceState(process.pid, () => 100)
    process.cast(process.pid, 'add', 2)
    void system.resume(process.pid)
    process.cast(process.pid, 'add', 4)
    expect(await system.getState(process.pid)).toBe(107)
  })

  test('twice is as once', async () => {
    const { lab, process, system } = counter(0)
    await system.suspend(process.pid)
    await system.suspend(process.pid)
    process.cast(process.pid, 'add', 1)
    await system.resume(process.pid)
    expect(await call(lab, process, 'look')).toBe(1)
  })

  test('does not hide the exit of the parent: the process ends, after terminate if it traps exits', async () => {
    ends.length = 0
    const lab = new Lab()
    const parent = start(lab, Counter, 0)
    const process = lab.spawn(Counter.body, { parent }, 3)
    process.trapExit = true
    await sys(lab.runtime).suspend(process.pid)
    process.cast(process.pid, 'add', 1)
    parent.die('shutdown')
    await lab.settle()
    expect([process.endedWith, ends]).toEqual(['shutdown', ['3 shutdown']])
  })

  test('does not hide the exit of the parent that waits already', async () => {
    const lab = new Lab()
    const parent = start(lab, Counter, 0)
    const process = lab.spawn(Counter.body, { parent }, 3)
    process.trapExit = true
    const suspended = sys(lab.runtime).suspend(process.pid)
    parent.die('shutdown')
    await suspended
    await lab.settle()
    expect(process.endedWith).toBe('shutdown')
  })

  test('makes the exit of anybody else wait', async () => {
    const { lab, process, system } = counter(3)
    const other = start(lab, Counter, 0)
    process.trapExit = true
    process.link(other)
    await system.suspend(process.pid)
    other.die('oops')
    await lab.settle()
    expect([process.isAlive, process.depth]).toEqual([true, 1])
  })

  test('does not protect from kill', async () => {
    const { process, system } = counter()
    await system.suspend(process.pid)
    process.signal(process.pid, 'kill')
    expect(process.endedWith).toBe('killed')
  })

  test('makes a supervisor restart nobody until it is resumed', async () => {
    const lab = new Lab()
    const child: ChildSpec = { id: 'a', start: [Counter, 0], name: 'a' }
    const top = start(lab, supervisor({ name: 'top', children: [child] }))
    await sys(lab.runtime).suspend(top.pid)
    lab.runtime.exit(top.pid, lab.runtime.whereis('a') as Pid, 'kill')
    await lab.settle()
    expect(lab.runtime.whereis('a')).toBeUndefined()
    await sys(lab.runtime).resume(top.pid)
    await lab.settle()
    expect(lab.runtime.whereis('a')).toBeInstanceOf(Pid)
  })

  test('stops the time-out of a gen_server; resume starts it anew', async () => {
    const lab = new Lab()
    const Waiting = genServer({ name: 'waiting', init: () => ok(0, { timeoutMs: 100 }), infos: { timeout: (n) => n + 1 } })
    const process = start(lab, Waiting)
    await lab.clock.advance(50)
    await sys(lab.runtime).suspend(process.pid)
    await lab.clock.advance(1000)
    expect(process.state).toBe(0)
    await sys(lab.runtime).resume(process.pid)
    await lab.clock.advance(99)
    expect(process.state).toBe(0)
    await lab.clock.advance(1)
    expect(process.state).toBe(1)
  })

  test('makes the time-outs of a gen_statem, which fire meanwhile, wait', async () => {
    const lab = new Lab()
    const process = start(lab, Switch)
    const system = sys(lab.runtime)
    process.cast(process.pid, 'push')
    await system.suspend(process.pid)
    await lab.clock.advance(5000)
    expect(await system.getState(process.pid)).toMatchObject({ state: 'on' })
    await system.resume(process.pid)
    expect(await system.getState(process.pid)).toMatchObject({ state: 'off' })
  })
})

describe('resume', () => {
  test('lets the process handle what waited, in its order', async () => {
    const { lab, process, system } = counter(0)
    await system.suspend(process.pid)
    for (const by of [1, 2, 3]) process.cast(process.pid, 'add', by)
    await system.resume(process.pid)
    expect(await call(lab, process, 'look')).toBe(6)
  })

  test('of a process that is not suspended does nothing', async () => {
    const { lab, process, system } = counter(4)
    await system.resume(process.pid)
    expect(await call(lab, process, 'look')).toBe(4)
  })
})

describe('getStatus', () => {
  test('tells the process, its behaviour, its parent, whether it is suspended, what waits, and its state', async () => {
    const lab = new Lab()
    const parent = start(lab, Counter, 0)
    const process = lab.spawn(Counter.body, { parent, name: 'c' }, 3)
    const status = { pid: process.pid, behaviour: 'counter', name: 'c', parent: parent.pid, status: 'running', waiting: 0, state: 3 }
    expect(await sys(lab.runtime).getStatus('c')).toEqual(status)
    await sys(lab.runtime).suspend('c')
    process.cast(process.pid, 'add', 1)
    expect(await sys(lab.runtime).getStatus('c')).toEqual({ ...status, status: 'suspended', waiting: 1 })
  })

  test('shows the state as formatStatus has it', async () => {
    const lab = new Lab()
    const Secret = genServer({ name: 'secret', init: () => ({ user: 'ada', password: 'x' }), formatStatus: ({ user }) => ({ user }) })
    expect(await sys(lab.runtime).getStatus(start(lab, Secret).pid)).toMatchObject({ state: { user: 'ada' } })
  })

  test('shows the state and the data of a gen_statem, these as formatStatus has them', async () => {
    const lab = new Lab()
    const Secret = genStatem({
      name: 'secret',
      init: () => nextState('open', { password: 'x' }),
      states: { open: { infos: { stay: (data) => keepState(data) } } },
      formatStatus: (_data, state) => `hidden in ${state}`,
    })
    expect(await sys(lab.runtime).getStatus(start(lab, Secret).pid)).toMatchObject({ state: { state: 'open', data: 'hidden in open' } })
  })
})

describe('statistics', () => {
  test('are counted from when they were asked for: messages in, answers out, reductions', async () => {
    const { lab, process, system } = counter(0)
    process.cast(process.pid, 'add', 1)
    await system.statistics(process.pid, true)
    const startedAt = lab.clock.wall()
    const later = call(lab, process, 'later')
    process.cast(process.pid, 'answer', 'yes')
    await call(lab, process, 'look')
    await later
    await lab.clock.advance(1000)
    expect(await system.getStatistics(process.pid)).toEqual({
      startedAt,
      currentAt: startedAt + 1000,
      reductions: 3,
      messagesIn: 3,
      messagesOut: 2,
    })
  })

  test('are undefined while nothing is counted', async () => {
    const { process, system } = counter(0)
    expect(await system.getStatistics(process.pid)).toBeUndefined()
    await system.statistics(process.pid, true)
    await system.statistics(process.pid, false)
    expect(await system.getStatistics(process.pid)).toBeUndefined()
  })

  test('count the answers that come with a stop, too', async () => {
    const lab = new Lab()
    const ended: ExitReason[] = []
    const Once = genServer({
      name: 'once',
      init: () => 0,
      calls: { end: (n) => stop('normal', n, 'bye') },
      terminate: (_n, reason, self) => void ended.push(reason, String((self as unknown as Process).sys?.out)),
    })
    const process = start(lab, Once)
    await sys(lab.runtime).statistics(process.pid, true)
    expect(await call(lab, process, 'end')).toBe('bye')
    expect(ended).toEqual(['normal', '1'])
  })
})

describe('terminate', () => {
  test('orders the process to end with the reason, after terminate', async () => {
    const { process, system } = counter(2)
    await system.terminate(process.pid, 'shutdown')
    expect([process.endedWith, ends]).toEqual(['shutdown', ['2 shutdown']])
  })

  test('reaches a process that is suspended', async () => {
    const { process, system } = counter(2)
    await system.suspend(process.pid)
    await system.terminate(process.pid, 'shutdown')
    expect(process.endedWith).toBe('shutdown')
  })
})
