// Task.Supervisor, sentence by sentence of its documentation.
import { describe, expect, test } from 'vitest'
import { type ChildInfo, dynamicSupervisor, type Owner, type SupervisedTasks, tasksUnder } from '#otp'
import { Crash, type ExitError, Pid, type Process } from '#process'
import { endless, OwnerProcess, running } from '#test/conformance/task/support/owner.ts'
import { call, start } from '#test/otp/support/start.ts'
import { Lab } from '#test/process/support/lab.ts'

const boom = new Error('boom')
const failing = (): never => {
  throw boom
}

function supervised(maxChildren?: number): { lab: Lab; root: Process; under: (owner: Owner) => SupervisedTasks; tasks: SupervisedTasks } {
  const lab = new Lab()
  const root = start(lab, dynamicSupervisor({ name: 'tasks', ...(maxChildren === undefined ? {} : { maxChildren }) }))
  const under = (owner: Owner) => tasksUnder(owner, root.pid)
  return { lab, root, under, tasks: under(lab.runtime) }
}

describe('a supervisor of tasks', () => {
  test('is started without children', async () => {
    const { tasks } = supervised()
    expect(await tasks.children()).toEqual([])
  })

  test('lists the pids of its tasks', async () => {
    const { tasks } = supervised()
    const one = await tasks.async(endless)
    const two = await tasks.startChild(endless)
    expect(await tasks.children()).toEqual([one.pid, two.pid])
  })

  test('ends a task by its pid', async () => {
    const { lab, tasks } = supervised()
    const task = await tasks.asyncNoLink(endless)
    expect(await tasks.terminateChild(task.pid as Pid)).toEqual({ ok: true })
    expect(running(lab)).toBe(0)
    expect(await task.yield(0)).toEqual({ ok: false, reason: 'shutdown' })
  })

  test('does not find a task that is none of its own', async () => {
    const { tasks } = supervised()
    expect(await tasks.terminateChild(new Pid('n1.a', 999))).toEqual({ ok: false, reason: 'not_found' })
  })

  test('takes its tasks along when it ends, each with its time to do so if it traps exits', async () => {
    const { lab, root, tasks } = supervised()
    const notes: string[] = []
    await tasks.startChild(endless)
    const slow = async (signal: AbortSignal, self: { trapExit: boolean }) => {
      self.trapExit = true
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      notes.push('put away')
    }
    await tasks.asyncNoLink(slow, { shutdown: 100 })
    await tasks.asyncNoLink(slow, { shutdown: 'brutal_kill' })
    await lab.settle()
    root.stop('shutdown')
    await lab.settle()
    expect(notes.length).toBeGreaterThan(0)
    expect(lab.all('process.exited').map(({ reason }) => reason)).toEqual(['shutdown', 'killed', 'normal', 'shutdown'])
  })

  test('has to live on the node of whom it starts tasks for: functions do not cross the wire', async () => {
    const tasks = tasksUnder(new Lab().runtime, new Pid('n2.b', 1))
    await expect(tasks.async(() => 1)).rejects.toMatchObject({ code: 'ERR_OTP_OTP_FUNCTION_NOT_LOCAL' })
  })

  test('that is not there fails the start with noproc', async () => {
    await expect(tasksUnder(new Lab().runtime, 'nobody').async(() => 1)).rejects.toMatchObject({ reason: 'noproc' })
  })
})

describe('async under a supervisor', () => {
  test('starts a task that can be awaited', async () => {
    const { tasks } = supervised()
    const task = await tasks.async(async () => 42)
    expect(await task.await()).toBe(42)
  })

  test('links the task with its owner, too: if it crashes, so does the owner', async () => {
    const { lab, root, under } = supervised()
    const owner = new OwnerProcess(lab)
    const reason = await owner.run(async (self) => (await under(self).async(failing)).await()).catch((error: ExitError) => error.reason)
    expect(reason).toEqual(new Crash(boom))
    expect(root.isAlive).toBe(true)
  })

  test('ends the task with its owner', async () => {
    const { lab, under } = supervised()
    const owner = new OwnerProcess(lab)
    await owner.run((self) => under(self).async(endless))
    owner.process.signal(owner.process.pid, 'shutdown')
    expect(running(lab)).toBe(0)
  })

  test('fails if the supervisor has its maximum of children', async () => {
    const { tasks } = supervised(1)
    await tasks.async(endless)
    await expect(tasks.async(endless)).rejects.toMatchObject({ reason: 'max_children' })
  })

  test('does not restart the task: it is temporary', async () => {
    const { lab, root, tasks } = supervised()
    await tasks.asyncNoLink(failing)
    await lab.settle()
    expect(await call<ChildInfo[]>(lab, root, 'whichChildren')).toEqual([])
    expect(lab.all('supervisor.child_restarted')).toEqual([])
  })
})

describe('asyncNoLink', () => {
  test('does not link the task with its owner, who finds in the result why it crashed', async () => {
    const { lab, under } = supervised()
    const owner = new OwnerProcess(lab)
    const result = await owner.run(async (self) => (await under(self).asyncNoLink(failing)).yield())
    expect(result).toEqual({ ok: false, reason: new Crash(boom) })
    expect(owner.process.isAlive).toBe(true)
  })

  test('lets the task run on where its owner ends, or no longer waits', async () => {
    const { lab, under } = supervised()
    const owner = new OwnerProcess(lab)
    const reason = owner.run(async (self) => (await under(self).asyncNoLink(endless)).await(10).catch((error: ExitError) => error.reason))
    await lab.clock.advance(10)
    expect(await reason).toBe('timeout')
    owner.process.signal(owner.process.pid, 'kill')
    expect(running(lab)).toBe(1)
  })

  test('in a behaviour is matched on in its infos: how it ended comes once, with the reference of the task', async () => {
    const { lab, under } = supervised()
    const owner = new OwnerProcess(lab)
    const [good, bad] = await owner.run(async (self) => {
      const tasks = under(self)
      return [
        (await tasks.asyncNoLink(() => 1, { notify: 'told' })).ref,
        (await tasks.asyncNoLink(failing, { notify: 'told' })).ref,
      ] as const
    })
    await lab.settle()
    expect(await owner.heard()).toEqual([
      { ref: good, ok: true, value: 1 },
      { ref: bad, ok: false, reason: new Crash(boom) },
    ])
  })
})

describe('startChild', () => {
  test('starts a task that nobody awaits, linked with its supervisor alone', async () => {
    const { lab, under } = supervised()
    const owner = new OwnerProcess(lab)
    const notes: number[] = []
    const started = await owner.run((self) => under(self).startChild(() => notes.push(1)))
    await lab.settle()
    expect(started.ok).toBe(true)
    expect(notes).toEqual([1])
    expect((await owner.run((self) => under(self).startChild(failing))).ok).toBe(true)
    await lab.settle()
    expect(owner.process.isAlive).toBe(true)
  })

  test('answers max_children where there is no room', async () => {
    const { tasks } = supervised(1)
    await tasks.startChild(endless)
    expect(await tasks.startChild(endless)).toMatchObject({ ok: false, reason: 'max_children' })
  })

  test('restarts a transient task that crashed, with the same function', async () => {
    const { lab, tasks } = supervised()
    let runs = 0
    await tasks.startChild(() => (++runs < 3 ? failing() : undefined), { restart: 'transient' })
    await lab.clock.advance(1000)
    expect(runs).toBe(3)
    expect(await tasks.children()).toEqual([])
  })
})

describe('asyncStream under a supervisor', () => {
  const listed = async <T>(stream: AsyncIterable<T>): Promise<T[]> => {
    const list: T[] = []
    for await (const each of stream) list.push(each)
    return list
  }
  const failAtTwo = (item: number): number => (item === 2 ? failing() : item)

  test('starts the tasks there, linked with the owner, too', async () => {
    const { lab, under } = supervised()
    const owner = new OwnerProcess(lab)
    expect(await owner.run((self) => listed(under(self).asyncStream([1, 3], failAtTwo)))).toEqual([
      { ok: true, value: 1 },
      { ok: true, value: 3 },
    ])
    expect(lab.all('process.spawned').filter(({ supervisor }) => supervisor === 'tasks')).toHaveLength(2)
    await expect(owner.run((self) => listed(under(self).asyncStream([1, 2], failAtTwo)))).rejects.toMatchObject({ reason: new Crash(boom) })
  })

  test('asyncStreamNoLink yields why a task crashed, and the owner goes on', async () => {
    const { lab, under } = supervised()
    const owner = new OwnerProcess(lab)
    expect(await owner.run((self) => listed(under(self).asyncStreamNoLink([1, 2], failAtTwo)))).toEqual([
      { ok: true, value: 1 },
      { ok: false, reason: new Crash(boom), input: 2 },
    ])
  })

  test('leaves no tasks behind when it stops, though they are not linked', async () => {
    const { lab, tasks } = supervised()
    for await (const _ of tasks.asyncStreamNoLink([1, 2, 3], (item) => (item === 1 ? item : endless()))) break
    expect(running(lab)).toBe(0)
  })

  test('leaves none behind when its owner ends', async () => {
    const { lab, under } = supervised()
    const owner = new OwnerProcess(lab)
    owner.run((self) => listed(under(self).asyncStreamNoLink([1, 2], endless))).catch(() => undefined)
    await lab.settle()
    expect(running(lab)).toBe(2)
    owner.process.signal(owner.process.pid, 'kill')
    await lab.settle()
    expect(running(lab)).toBe(0)
  })

  test('fails if there is no room for its tasks', async () => {
    const { lab, tasks } = supervised(1)
    await expect(listed(tasks.asyncStream([1, 2], endless))).rejects.toMatchObject({ reason: 'max_children' })
    expect(running(lab)).toBe(0)
  })
})
