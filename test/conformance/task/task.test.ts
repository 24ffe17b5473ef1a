// Task, sentence by sentence of its documentation.
import { describe, expect, expectTypeOf, test } from 'vitest'
import { supervisor, Task, type TaskMessage } from '#otp'
import { Crash, type ExitError, type Pid } from '#process'
import { endless, OwnerProcess, running } from '#test/conformance/task/support/owner.ts'
import { start } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

const boom = new TypeError('boom')
const failing = (): never => {
  throw boom
}

describe('a task that is started by async', () => {
  test('runs one function in a process of its own, and ends with it', async () => {
    const lab = new Lab()
    const task = Task.async(lab.runtime, (_signal, self) => self.pid)
    expect(await task.await()).toBe(task.pid)
    expect(lab.only('process.exited')).toMatchObject({ pid: task.pid, behaviour: 'task', reason: 'normal' })
    expect(lab.runtime.processCount).toBe(0)
  })

  test('is awaited for its answer, whose type is known', async () => {
    const lab = new Lab()
    const answer = await Task.async(lab.runtime, async () => 42).await()
    expectTypeOf(answer).toEqualTypeOf<number>()
    expect(answer).toBe(42)
  })

  test('runs while its owner does something else', async () => {
    const lab = new Lab()
    const notes: string[] = []
    const task = Task.async(lab.runtime, () => notes.push('task'))
    notes.push('owner')
    await task.await()
    expect(notes).toEqual(['owner', 'task'])
  })

  test('always sends its answer: it may come before it is awaited', async () => {
    const lab = new Lab()
    const task = Task.async(lab.runtime, () => 'early')
    await lab.settle()
    expect(running(lab)).toBe(0)
    expect(await task.await()).toBe('early')
  })

  test('is linked with its owner: if the task crashes, the owner does, though it does not await it', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    void owner.run((self) => void Task.async(self, failing)).catch(() => undefined)
    await lab.settle()
    expect(owner.process.endedWith).toEqual(new Crash(boom))
  })

  test('ends when its owner does, and is told by its signal', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    let told: AbortSignal | undefined
    await owner.run((self) => {
      Task.async(self, (signal) => {
        told = signal
        return endless()
      })
    })
    await lab.settle()
    expect(told?.aborted).toBe(false)
    owner.process.signal(owner.process.pid, 'shutdown')
    expect(running(lab)).toBe(0)
    expect(told?.reason).toEqual(expect.objectContaining({ reason: 'shutdown' }))
  })

  test('has an owner that traps exits hear of its crash as of any linked process, and of its orderly end', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab, true)
    const reason = await owner.run((self) =>
      Task.async(self, failing)
        .await()
        .catch((error: ExitError) => error.reason),
    )
    expect(reason).toEqual(new Crash(boom))
    await owner.run((self) => Task.async(self, () => 1).await())
    expect(await owner.heard()).toEqual([{ EXIT: new Crash(boom) }, { EXIT: 'normal' }])
  })

  test('whose function cannot be interrupted is over all the same: what it answers later is dropped', async () => {
    const lab = new Lab()
    const open = gate<string>()
    const task = Task.async(lab.runtime, () => open.promise)
    await lab.settle()
    const shut = task.shutdown('brutal_kill')
    open.resolve('too late')
    expect(await shut).toBeUndefined()
    expect(lab.only('process.exited').reason).toBe('killed')
  })

  test('and whose late function fails troubles nobody', async () => {
    const lab = new Lab()
    const open = gate()
    const task = Task.async(lab.runtime, () => open.promise)
    await lab.settle()
    await task.shutdown('brutal_kill')
    open.reject(boom)
    await lab.settle()
    expect(lab.all('process.exited')).toHaveLength(1)
  })

  test('cannot be started by a process that has ended', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    const self = await owner.run((it) => it)
    owner.process.signal(owner.process.pid, 'kill')
    expect(() => Task.async(self, () => 1)).toThrow(expect.objectContaining({ reason: 'noproc' }))
  })

  test('says whose it is, and where it runs', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    await owner.run(async (self) => {
      const task = Task.async(self, endless, { label: 'price of lot-1' })
      expect(task.owner).toBe(self.pid)
      expect(lab.runtime.lookup(task.pid as Pid)?.label).toBe('price of lot-1')
      await task.shutdown()
    })
    expect(Task.async(lab.runtime, () => 1).owner).toBeUndefined()
  })
})

describe('start and startLink', () => {
  test('run a function for its side effects: start links it with nobody', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    const pid = await owner.run((self) => Task.start(self, failing))
    await lab.settle()
    expect(lab.only('process.exited')).toMatchObject({ pid, reason: new Crash(boom) })
    expect(owner.process.isAlive).toBe(true)
  })

  test('startLink links it with the process that starts it', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    void owner.run((self) => void Task.startLink(self, failing)).catch(() => undefined)
    await lab.settle()
    expect(owner.process.endedWith).toEqual(new Crash(boom))
  })
})

describe('a task among the children of a supervisor', () => {
  test('is temporary by default: it is not restarted, even if it crashes', async () => {
    const lab = new Lab()
    let runs = 0
    const child = Task.childSpec('warm-up', () => {
      runs++
      return failing()
    })
    start(lab, supervisor({ name: 'root', children: [child] }))
    await lab.settle()
    expect(runs).toBe(1)
    expect(lab.all('supervisor.child_restarted')).toEqual([])
  })

  test('that is transient is restarted after an abnormal end, and left alone after an orderly one', async () => {
    const lab = new Lab()
    let runs = 0
    const run = () => (++runs < 3 ? failing() : undefined)
    start(lab, supervisor({ name: 'root', children: [Task.childSpec('warm-up', run, { restart: 'transient' })] }))
    await lab.clock.advance(1000)
    expect(runs).toBe(3)
    expect(running(lab)).toBe(0)
  })

  test('is ended with its supervisor, and has its signal aborted', async () => {
    const lab = new Lab()
    let told: AbortSignal | undefined
    const run = (signal: AbortSignal) => {
      told = signal
      return endless()
    }
    const root = start(lab, supervisor({ name: 'root', children: [Task.childSpec('poll', run)] }))
    await lab.settle()
    root.stop('shutdown')
    expect(running(lab)).toBe(0)
    expect(told?.aborted).toBe(true)
  })

  test('that traps exits hears of the shutdown by its signal, and has its time to end', async () => {
    const lab = new Lab()
    const notes: string[] = []
    const run = async (signal: AbortSignal, self: { trapExit: boolean }) => {
      self.trapExit = true
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      notes.push('put away')
    }
    const root = start(lab, supervisor({ name: 'root', children: [Task.childSpec('poll', run)] }))
    await lab.settle()
    root.stop('shutdown')
    await lab.settle()
    expect(notes).toEqual(['put away'])
    expect(root.isAlive).toBe(false)
    expect(lab.all('process.exited').map(({ reason }) => reason)).toEqual(['normal', 'shutdown'])
  })
})

describe('a task in a behaviour that does not await it', () => {
  test('sends its answer as a message, with the reference of the task', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    const ref = await owner.run((self) => Task.async(self, () => 'done', { notify: 'told' }).ref)
    await lab.settle()
    expect(await owner.heard()).toEqual([{ ref, ok: true, value: 'done' } satisfies TaskMessage<string>])
  })

  test('cannot be awaited, too', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    const code = await owner.run((self) =>
      Task.async(self, () => 1, { notify: 'told' })
        .await()
        .catch((error) => error.code),
    )
    expect(code).toBe('ERR_OTP_OTP_TASK_TAKEN')
  })

  test('sends nothing once it was shut down or ignored', async () => {
    const lab = new Lab()
    const owner = new OwnerProcess(lab)
    await owner.run(async (self) => {
      expect(await Task.async(self, endless, { notify: 'told' }).shutdown()).toBeUndefined()
      expect(Task.async(self, () => 1, { notify: 'told' }).ignore()).toBeUndefined()
    })
    await lab.settle()
    expect(running(lab)).toBe(0)
    expect(await owner.heard()).toEqual([])
  })

  test('needs a process whose mailbox it is', () => {
    const lab = new Lab()
    expect(() => Task.async(lab.runtime, () => 1, { notify: 'told' })).toThrow(expect.objectContaining({ code: 'ERR_OTP_OTP_BAD_TASK' }))
  })
})
