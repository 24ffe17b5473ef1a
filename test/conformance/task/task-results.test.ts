// How the owner of a Task has its result, or does without, sentence by sentence of its documentation.
import { describe, expect, expectTypeOf, test } from 'vitest'
import { Task } from '#otp'
import { Crash, type ExitError, exit, type Pid, type Process } from '#process'
import { endless, OwnerProcess, running } from '#test/conformance/task/support/owner.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

const boom = new TypeError('boom')
const failing = (): never => {
  throw boom
}
const crash = expect.objectContaining({ reason: new Crash(boom) })

test.each([Number.NaN, -1, 2 ** 40])('a time-out of %d is refused, and the task can still be awaited', async (timeoutMs) => {
  const task = Task.async(new Lab().runtime, () => 'done')
  const refused = {
    code: 'ERR_OTP_PROCESS_BAD_DELAY',
    message: expect.stringContaining('expected a time-out of 0 to 4294967295 ms, or Infinity'),
  }
  await expect(task.await(timeoutMs)).rejects.toMatchObject(refused)
  await expect(task.yield(timeoutMs)).rejects.toMatchObject(refused)
  await expect(Task.yieldMany([task], { timeoutMs })).rejects.toMatchObject(refused)
  expect(await task.await()).toBe('done')
})

describe('await', () => {
  test('fails with the reason of a task that crashes', async () => {
    const lab = new Lab()
    await expect(Task.async(lab.runtime, failing).await()).rejects.toEqual(crash)
    await expect(Task.async(lab.runtime, () => Promise.reject(boom)).await()).rejects.toEqual(crash)
  })

  test('fails with the reason with which a task exits without an answer, normal among them', async () => {
    const lab = new Lab()
    await expect(Task.async(lab.runtime, () => exit('normal')).await()).rejects.toMatchObject({ reason: 'normal' })
    const late = Task.async(lab.runtime, async () => {
      await Promise.resolve()
      return exit({ shutdown: 'enough' })
    })
    expect(await late.yield()).toEqual({ ok: false, reason: { shutdown: 'enough' } })
  })

  test('waits five seconds by default, then its caller exits, and a linked task with it', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    const done = owner.run((self) => Task.async(self, endless).await()).catch((error: ExitError) => error)
    await lab.clock.advance(4999)
    expect(running(lab)).toBe(1)
    await lab.clock.advance(1)
    expect(await done).toMatchObject({ reason: expect.any(Crash) })
    expect(owner.process.endedWith).toMatchObject({ error: { reason: 'timeout' } })
    expect(running(lab)).toBe(0)
  })

  test('that is over without its caller exiting, because it catches that, leaves the task running', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    const reason = owner.run((self) =>
      Task.async(self, endless)
        .await(10)
        .catch((error: ExitError) => error.reason),
    )
    await lab.clock.advance(10)
    expect(await reason).toBe('timeout')
    expect(running(lab)).toBe(1)
  })

  test('ends a linked task at the time-out for an owner that is no process', async () => {
    const lab = new Lab()
    const answer = Task.async(lab.runtime, endless).await(10)
    void lab.clock.advance(10)
    await expect(answer).rejects.toMatchObject({ reason: 'timeout' })
    expect(lab.only('process.exited').reason).toBe('timeout')
  })

  test('can wait for ever', async () => {
    const lab = new Lab()
    const open = gate<number>()
    const answer = Task.async(lab.runtime, () => open.promise).await(Number.POSITIVE_INFINITY)
    await lab.clock.advance(1e9)
    open.resolve(1)
    expect(await answer).toBe(1)
    expect(lab.clock.pending).toBe(0)
  })

  test('can be called only once for a task', async () => {
    const lab = new Lab()
    const task = Task.async(lab.runtime, () => 1)
    await task.await()
    await expect(task.await()).rejects.toMatchObject({ code: 'ERR_OTP_OTP_TASK_TAKEN' })
    await expect(task.yield()).rejects.toMatchObject({ code: 'ERR_OTP_OTP_TASK_TAKEN' })
    expect(() => task.ignore()).toThrow(expect.objectContaining({ code: 'ERR_OTP_OTP_TASK_TAKEN' }))
  })

  test('gives the answer of a completed task at once: no process runs it', async () => {
    const lab = new Lab()
    const task = Task.completed(7)
    expect(task.pid).toBeUndefined()
    expect(await task.await(0)).toBe(7)
    expect(await Task.completed(7).yield(0)).toEqual({ ok: true, value: 7 })
    expect(await Task.completed(7).shutdown()).toEqual({ ok: true, value: 7 })
    expect(lab.facts).toEqual([])
  })
})

describe('yield', () => {
  test('answers the result, or nothing within the time-out; then it may be called again', async () => {
    const lab = new Lab()
    const open = gate<string>()
    const task = Task.async(lab.runtime, () => open.promise)
    const first = task.yield(100)
    await lab.clock.advance(100)
    expect(await first).toBeUndefined()
    expect(running(lab)).toBe(1)
    open.resolve('done')
    expect(await task.yield(100)).toEqual({ ok: true, value: 'done' })
    await expect(task.yield(100)).rejects.toMatchObject({ code: 'ERR_OTP_OTP_TASK_TAKEN' })
  })

  test('answers why the task died', async () => {
    const lab = new Lab()
    expect(await Task.async(lab.runtime, failing).yield()).toEqual({ ok: false, reason: new Crash(boom) })
  })

  test('and shutdown bound how long a task may run', async () => {
    const lab = new Lab()
    const task = Task.async(lab.runtime, endless)
    const result = task.yield(1000).then((found) => found ?? task.shutdown())
    await lab.clock.advance(1000)
    expect(await result).toBeUndefined()
    expect(running(lab)).toBe(0)
  })
})

describe('shutdown', () => {
  test('unlinks the task and ends it: its owner goes on', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    expect(await owner.run((self) => Task.async(self, endless).shutdown())).toBeUndefined()
    expect(lab.only('process.exited').reason).toBe('shutdown')
    expect(owner.process.isAlive).toBe(true)
  })

  test('answers what the task had answered before, or answers while it is shut down', async () => {
    const lab = new Lab()
    const before = Task.async(lab.runtime, () => 'before')
    await lab.settle()
    expect(await before.shutdown()).toEqual({ ok: true, value: 'before' })
    const meanwhile = Task.async(lab.runtime, async (signal, self) => {
      self.trapExit = true
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return 'meanwhile'
    })
    await lab.settle()
    expect(await meanwhile.shutdown()).toEqual({ ok: true, value: 'meanwhile' })
  })

  test('answers why the task died if it did before', async () => {
    const lab = new Lab()
    const task = Task.async(lab.runtime, failing)
    await lab.settle()
    expect(await task.shutdown()).toEqual({ ok: false, reason: new Crash(boom) })
  })

  test('kills a task that traps exits after five seconds by default', async () => {
    const lab = new Lab()
    const task = Task.async(lab.runtime, (_signal, self) => {
      self.trapExit = true
      return endless()
    })
    await lab.settle()
    const shut = task.shutdown()
    await lab.clock.advance(4999)
    expect(running(lab)).toBe(1)
    await lab.clock.advance(1)
    expect(await shut).toEqual({ ok: false, reason: 'killed' })
  })

  test('by brutal_kill kills it straight away', async () => {
    const lab = new Lab()
    const task = Task.async(lab.runtime, (_signal, self) => {
      self.trapExit = true
      return endless()
    })
    await lab.settle()
    expect(await task.shutdown('brutal_kill')).toBeUndefined()
    expect(lab.only('process.exited').reason).toBe('killed')
  })

  test('of a task whose result was taken answers noproc: how it ended is not known any more', async () => {
    const lab = new Lab()
    const task = Task.async(lab.runtime, () => 1)
    await task.await()
    expect(await task.shutdown()).toEqual({ ok: false, reason: 'noproc' })
  })

  test('is not needed where the owner exits with another reason than normal', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    await owner.run((self) => {
      Task.async(self, endless)
    })
    owner.process.stop('shutdown')
    expect(running(lab)).toBe(0)
  })
})

describe('ignore', () => {
  test('lets a task run on by itself: it is unlinked, and has no owner to answer', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    const task = await owner.run((self) => {
      const started = Task.async(self, endless)
      expect(started.ignore()).toBeUndefined()
      return started
    })
    owner.process.signal(owner.process.pid, 'kill')
    expect((lab.runtime.lookup(task.pid as Pid) as Process).isAlive).toBe(true)
  })

  test('answers what the task has answered already', async () => {
    const lab = new Lab()
    const task = Task.async(lab.runtime, () => 1)
    await lab.settle()
    expect(task.ignore()).toEqual({ ok: true, value: 1 })
  })
})

describe('awaitMany', () => {
  test('answers all in the order of the tasks, each with its type', async () => {
    const lab = new Lab()
    const slow = gate<number>()
    const both = Task.awaitMany([Task.async(lab.runtime, () => slow.promise), Task.async(lab.runtime, () => 'two')])
    slow.resolve(1)
    const [one, two] = await both
    expectTypeOf(one).toEqualTypeOf<number>()
    expectTypeOf(two).toEqualTypeOf<string>()
    expect([one, two]).toEqual([1, 'two'])
  })

  test('of no tasks is done', async () => {
    expect(await Task.awaitMany([])).toEqual([])
  })

  test('fails as soon as one of them has died', async () => {
    const lab = new Lab()
    const tasks = [Task.async(lab.runtime, endless), Task.async(lab.runtime, failing)]
    await expect(Task.awaitMany(tasks)).rejects.toEqual(crash)
    expect(running(lab)).toBe(0)
  })

  test('has one time-out for all: those that are linked end with it', async () => {
    const lab = new Lab()
    const all = Task.awaitMany([Task.async(lab.runtime, () => 1), Task.async(lab.runtime, endless)], 50)
    void lab.clock.advance(50)
    await expect(all).rejects.toMatchObject({ reason: 'timeout' })
    expect(running(lab)).toBe(0)
  })
})

describe('yieldMany', () => {
  const two = (lab: Lab) => [Task.async(lab.runtime, () => 1), Task.async<number>(lab.runtime, endless)] as const

  test('answers each task with its result, or with none, in the order of the tasks', async () => {
    const lab = new Lab()
    const [quick, slow] = two(lab)
    const many = Task.yieldMany([slow, quick], { timeoutMs: 10 })
    await lab.clock.advance(10)
    expect(await many).toEqual([
      { task: slow, result: undefined },
      { task: quick, result: { ok: true, value: 1 } },
    ])
    expect(running(lab)).toBe(1)
  })

  test('does not wait on when all have a result', async () => {
    const lab = new Lab()
    const results = await Task.yieldMany([Task.async(lab.runtime, () => 1), Task.async(lab.runtime, failing)])
    expect(results.map(({ result }) => result)).toEqual([
      { ok: true, value: 1 },
      { ok: false, reason: new Crash(boom) },
    ])
    expect(lab.clock.pending).toBe(0)
    expect(await Task.yieldMany([])).toEqual([])
  })

  test('may be called again for those that had none', async () => {
    const lab = new Lab()
    const open = gate<number>()
    const task = Task.async(lab.runtime, () => open.promise)
    const first = Task.yieldMany([task], { timeoutMs: 10 })
    await lab.clock.advance(10)
    await first
    open.resolve(2)
    expect(await Task.yieldMany([task])).toEqual([{ task, result: { ok: true, value: 2 } }])
  })

  test('stops at its limit, and then does nothing about the others', async () => {
    const lab = new Lab()
    const [quick, slow] = two(lab)
    expect(await Task.yieldMany([quick, slow], { limit: 1, onTimeout: 'kill_task' })).toEqual([
      { task: quick, result: { ok: true, value: 1 } },
      { task: slow, result: undefined },
    ])
    expect(running(lab)).toBe(1)
  })

  test('ignores those that timed out, or kills them, if told to', async () => {
    const lab = new Lab()
    const ignored = Task.async(lab.runtime, endless)
    const killed = Task.async(lab.runtime, endless)
    const first = Task.yieldMany([ignored], { timeoutMs: 10, onTimeout: 'ignore' })
    const second = Task.yieldMany([killed], { timeoutMs: 10, onTimeout: 'kill_task' })
    await lab.clock.advance(10)
    expect(await first).toEqual([{ task: ignored, result: undefined }])
    expect(await second).toEqual([{ task: killed, result: undefined }])
    expect(lab.only('process.exited')).toMatchObject({ pid: killed.pid, reason: 'killed' })
    await expect(ignored.await()).rejects.toMatchObject({ code: 'ERR_OTP_OTP_TASK_TAKEN' })
  })

  test('lets them wait for ever', async () => {
    const lab = new Lab()
    const open = gate<number>()
    const many = Task.yieldMany([Task.async(lab.runtime, () => open.promise)], { timeoutMs: Number.POSITIVE_INFINITY })
    await lab.clock.advance(1e9)
    open.resolve(1)
    expect(await many).toMatchObject([{ result: { ok: true, value: 1 } }])
  })
})
