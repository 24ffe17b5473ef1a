// gen_server's start, sentence by sentence: what `init` may return, and what the starter gets.
import { describe, expect, test } from 'vitest'
import { type ChildInfo, type ChildSpec, dynamicSupervisor, genServer, ignore, ok, reply, type Self, stop, supervisor } from '#otp'
import { Crash, type Process } from '#process'
import { call, start, tryStart } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

describe('init', () => {
  test('is called with the argument of the start, and its state is the first', async () => {
    const lab = new Lab()
    const Echo = genServer({ name: 'echo', init: (text: string) => ({ text }), calls: { look: (state) => reply(state.text, state) } })
    expect(await call(lab, start(lab, Echo, 'hello'), 'look')).toBe('hello')
  })

  test('is waited for: the start does not return before it has', async () => {
    const lab = new Lab()
    const open = gate()
    const Slow = genServer({ name: 'slow', init: async () => open.promise })
    let hasStarted = false
    const started = Promise.resolve(lab.runtime.spawn(Slow.body, undefined, { cause: 'boot' })).then((result) => {
      hasStarted = true
      return result
    })
    await lab.settle()
    expect(hasStarted).toBe(false)
    open.resolve()
    expect(await started).toMatchObject({ ok: true })
  })

  test('that returns stop with a reason fails the start with that reason', async () => {
    const lab = new Lab()
    const Stopping = genServer({ name: 'stopping', init: () => stop('no_database') })
    expect(await tryStart(lab, Stopping)).toEqual({ ok: false, reason: 'no_database' })
    expect(lab.only('process.spawn_failed')).toMatchObject({ reason: 'no_database' })
    expect(lab.runtime.processCount).toBe(0)
  })

  test('that returns stop does not run terminate', async () => {
    const lab = new Lab()
    const ran: string[] = []
    await tryStart(lab, genServer({ name: 'stopping', init: () => stop('no'), terminate: () => void ran.push('terminate') }))
    expect(ran).toEqual([])
  })

  test('that returns stop takes down whom it has linked with, who is not the starter', async () => {
    const lab = new Lab()
    const other = start(lab, genServer({ name: 'other', init: () => 0 }))
    const parent = start(lab, genServer({ name: 'parent', init: () => 0 }))
    const Stopping = genServer({
      name: 'stopping',
      init: (_argument: unknown, self: Self) => {
        self.linkTo(other.pid)
        return stop('no')
      },
    })
    expect(lab.runtime.spawn(Stopping.body, undefined, { cause: 'boot', parent })).toEqual({ ok: false, reason: 'no' })
    expect([other.endedWith, parent.endedWith]).toEqual(['no', undefined])
  })

  test('that throws fails the start with the error', async () => {
    const lab = new Lab()
    const Broken = genServer({
      name: 'broken',
      init: (): number => {
        throw new TypeError('broken')
      },
    })
    const result = await tryStart(lab, Broken)
    expect(result).toMatchObject({ ok: false, reason: { error: { message: 'broken' } } })
    expect(result.ok ? undefined : result.reason).toBeInstanceOf(Crash)
  })

  test('that returns ignore starts nothing, and that is no failure', async () => {
    const lab = new Lab()
    const Ignoring = genServer({ name: 'ignoring', init: async () => ignore })
    expect(await tryStart(lab, Ignoring)).toEqual({ ok: false, reason: 'ignore' })
    expect(lab.facts.map(({ type }) => type)).toEqual(['process.start_ignored'])
    expect(lab.runtime.processCount).toBe(0)
  })

  test('that returns ignore is stated, so that what does not run can be counted', () => {
    const lab = new Lab()
    const Ignoring = genServer({ name: 'ignoring', init: () => ignore })
    void lab.runtime.spawn(Ignoring.body, undefined, { cause: 'boot', supervisor: 'root', child: 'one' })
    expect(lab.only('process.start_ignored')).toEqual({
      behaviour: 'ignoring',
      supervisor: 'root',
      child: 'one',
      cause: 'boot',
      at: lab.clock.wall(),
    })
  })

  test('that returns ignore frees its name', () => {
    const lab = new Lab()
    const Ignoring = genServer({ name: 'ignoring', init: () => ignore })
    expect(lab.runtime.spawn(Ignoring.body, undefined, { cause: 'boot', name: 'taken' })).toEqual({ ok: false, reason: 'ignore' })
    expect(lab.runtime.whereis('taken')).toBeUndefined()
  })

  test.each(['reply', 'noReply'])('that returns %s, which answers a message, fails the start with a clear error', async (what) => {
    const lab = new Lab()
    const { noReply } = await import('#otp')
    const Wrong = genServer({ name: 'wrong', init: () => (what === 'reply' ? reply(1, 2) : noReply(2)) as unknown as number })
    expect(await tryStart(lab, Wrong)).toMatchObject({ ok: false, reason: { error: { code: 'ERR_OTP_OTP_BAD_RETURN' } } })
  })
})

describe('a start with a time-out', () => {
  const never = genServer({ name: 'never', init: () => new Promise<number>(() => undefined) })

  test('fails with timeout when init is not through by then', async () => {
    const lab = new Lab()
    const started = lab.runtime.spawn(never.body, undefined, { cause: 'boot', startTimeoutMs: 100 })
    await lab.clock.advance(99)
    expect(lab.runtime.processCount).toBe(1)
    await lab.clock.advance(1)
    expect(await started).toEqual({ ok: false, reason: 'timeout' })
    expect(lab.only('process.spawn_failed')).toMatchObject({ class: 'timeout', reason: 'timeout' })
  })

  test('kills the process: whoever is linked with it sees killed', async () => {
    const lab = new Lab()
    const other = start(lab, genServer({ name: 'other', init: () => 0 }))
    const Linking = genServer({
      name: 'linking',
      init: (_argument: unknown, self: Self) => {
        self.linkTo(other.pid)
        return new Promise<number>(() => undefined)
      },
    })
    const started = lab.runtime.spawn(Linking.body, undefined, { cause: 'boot', startTimeoutMs: 5 })
    await lab.clock.advance(5)
    await started
    expect(other.endedWith).toBe('killed')
  })

  test("of a child is its specification's, and a start of its supervisor that fails by it says so", async () => {
    const lab = new Lab()
    const top = supervisor({ name: 'top', children: [{ id: 'a', start: [never], startTimeoutMs: 50 }] })
    const started = lab.runtime.spawn(top.body, undefined, { cause: 'boot' })
    await lab.clock.advance(50)
    expect(await started).toEqual({ ok: false, reason: { shutdown: { failed_to_start_child: 'a', reason: 'timeout' } } })
  })

  test('is an ordinary start when init is through in time', async () => {
    const lab = new Lab()
    const open = gate<number>()
    const Slow = genServer({ name: 'slow', init: () => open.promise })
    const started = lab.runtime.spawn(Slow.body, undefined, { cause: 'boot', startTimeoutMs: 100 })
    await lab.clock.advance(50)
    open.resolve(1)
    expect(await started).toMatchObject({ ok: true })
    await lab.clock.advance(100)
    expect(lab.runtime.processCount).toBe(1)
    expect(lab.clock.pending).toBe(0)
  })
})

describe('a supervisor', () => {
  const Ignoring = genServer({ name: 'ignoring', init: () => ignore })
  const Worker = genServer({ name: 'worker', init: () => 0 })

  test('keeps the specification of a child that is ignored, without a pid, and starts the next', async () => {
    const lab = new Lab()
    const children: ChildSpec[] = [
      { id: 'a', start: [Ignoring] },
      { id: 'b', start: [Worker] },
    ]
    const top = start(lab, supervisor({ name: 'top', children }))
    const infos = await call<ChildInfo[]>(lab, top, 'whichChildren')
    expect(infos.map(({ id, pid }) => [id, pid === undefined])).toEqual([
      ['a', true],
      ['b', false],
    ])
  })

  test('that is dynamic keeps nothing of a child that is ignored', async () => {
    const lab = new Lab()
    const top = start(lab, dynamicSupervisor({ name: 'top' }))
    const spec: ChildSpec = { id: 'a', start: [Ignoring] }
    expect(await call(lab, top, 'startChild', { spec, cause: 'call' })).toMatchObject({ ok: false, reason: 'ignore' })
    expect(await call(lab, top, 'whichChildren')).toEqual([])
  })
})

describe('a first state with a continue', () => {
  const order: string[] = []
  const Loading = genServer({
    name: 'loading',
    init: (id: string, self: Self) => {
      self.send(self.pid, 'early')
      order.push(`init ${id}`)
      return ok(id, { continue: 'load', argument: 1 })
    },
    continues: {
      load: (id, n: number) => {
        order.push(`load ${id} ${n}`)
        return id
      },
    },
    infos: {
      early: (id) => {
        order.push('early')
        return id
      },
    },
  })

  test('runs it before any message, even one that was sent during init', async () => {
    order.length = 0
    const lab = new Lab()
    start(lab, Loading, 'x')
    order.push('started')
    await lab.settle()
    expect(order).toEqual(['init x', 'started', 'load x 1', 'early'])
  })

  test('runs it before a message that comes after the start', async () => {
    order.length = 0
    const lab = new Lab()
    const Quiet = genServer({
      name: 'quiet',
      init: () => ok(0, { continue: 'load' }),
      continues: { load: (n) => n + 1 },
      casts: { double: (n) => n * 2 },
    })
    const process = start(lab, Quiet)
    process.cast(process.pid, 'double')
    await lab.settle()
    expect(process.state).toBe(2)
  })

  test('has started already: what fails in it is a crash of a running process', async () => {
    const lab = new Lab()
    const Failing = genServer({
      name: 'failing',
      init: () => ok(0, { continue: 'fail' }),
      continues: {
        fail: (): number => {
          throw new Error('late')
        },
      },
    })
    const process: Process = start(lab, Failing)
    await lab.settle()
    expect(process.endedWith).toMatchObject({ error: { message: 'late' } })
    expect(lab.only('process.exited').handling).toBe('internal fail')
  })
})
