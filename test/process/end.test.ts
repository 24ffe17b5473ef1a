// Ends: what is stated of them, when terminate runs, and what ends with a process.
import { describe, expect, test } from 'vitest'
import { Crash, type ExitReason, type Process } from '#process'
import { body, gate, Lab, noting } from '#test/process/support/lab.ts'

describe('the end of a process', () => {
  test('is stated with its reason, its age, what it handled and what it was handling', async () => {
    const lab = new Lab()
    const process = lab.spawn(
      body((_self, { name }) => {
        if (name === 'crash') throw new TypeError('broken')
      }),
      { supervisor: 'node/lots', child: 'lot-1' },
    )
    await lab.clock.advance(1500)
    process.info('one', undefined)
    process.cast(process.pid, 'crash')
    process.info('never handled', undefined)
    await lab.settle()
    expect(lab.only('process.exited')).toEqual({
      pid: process.pid,
      behaviour: 'body',
      supervisor: 'node/lots',
      child: 'lot-1',
      reason: expect.any(Crash),
      class: 'error',
      endedAt: lab.clock.wall(),
      lifetimeMs: 1500,
      handled: 2,
      handling: 'cast crash',
      trace: undefined,
      flight: [
        { kind: 'info', name: 'one', ageMs: 0 },
        { kind: 'cast', name: 'crash', ageMs: 0 },
      ],
    })
    expect(lab.runtime.counts('body')).toMatchObject({ live: 0, handled: 2 })
  })

  test('between two messages says that it was handling none', async () => {
    const lab = new Lab()
    const process = lab.spawn(body())
    process.info('one', undefined)
    await lab.settle()
    process.die('shutdown')
    expect(lab.only('process.exited')).toMatchObject({ handled: 1, handling: undefined, class: 'shutdown' })
  })

  test('has an age of 0 at least, though the wall clock was set back', () => {
    const lab = new Lab()
    const process = lab.spawn(body())
    lab.clock.setWall(lab.clock.wall() - 60_000)
    process.die('shutdown')
    expect(lab.only('process.exited').lifetimeMs).toBe(0)
  })

  test('comes once', () => {
    const lab = new Lab()
    const process = lab.spawn(body())
    process.die('first')
    process.die('second')
    process.stop('third')
    process.signal(process.pid, 'kill')
    expect(lab.only('process.exited')).toMatchObject({ reason: 'first' })
  })

  test('by something thrown that is no error, and cannot even be printed, is a crash like others', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const process = lab.spawn(
      body(() => {
        throw Object.create(null, {
          toJSON: {
            get: () => {
              throw new Error('no')
            },
          },
        })
      }),
    )
    const after = lab.spawn(noting(heard))
    process.info('crash', undefined)
    after.info('goes on', undefined)
    await lab.settle()
    expect(process.endedWith).toMatchObject({ error: { message: 'thrown: a value of type object that cannot be printed' } })
    expect(heard).toEqual(['goes on'])
  })

  test('in the middle of a synchronous handler lets that handler go on, and no other message', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const process = lab.spawn(
      body((self, { name }) => {
        heard.push(`${name} begins`)
        self.runtime.exit(self.pid, self.pid, 'kill')
        heard.push(`${name} ends`)
      }),
    )
    process.info('first', undefined)
    process.info('second', undefined)
    await lab.settle()
    expect(heard).toEqual(['first begins', 'first ends'])
    expect(lab.only('process.exited')).toMatchObject({ handling: 'info first', handled: 1 })
  })
})

/** A process that notes how terminate was called, and lets it wait for `until`. */
function tidy(lab: Lab, until?: Promise<void>): { process: Process; terminated: ExitReason[] } {
  const terminated: ExitReason[] = []
  const terminate = (_self: Process, reason: ExitReason) => {
    terminated.push(reason)
    return until
  }
  const receive = () => {
    throw new Error('broken')
  }
  return { process: lab.spawn(body(receive, { terminate })), terminated }
}

describe('terminate', () => {
  test('runs before an end that the process decided, and after a crash', async () => {
    const lab = new Lab()
    const decided = tidy(lab)
    decided.process.stop('normal')
    const crashed = tidy(lab)
    crashed.process.info('crash', undefined)
    await lab.settle()
    expect(decided.terminated).toEqual(['normal'])
    expect(crashed.terminated).toMatchObject([{ error: { message: 'broken' } }])
  })

  test('does not run when the process is killed or ends by an exit signal that it does not trap', () => {
    const lab = new Lab()
    for (const reason of ['kill', 'shutdown', 'oops']) {
      const { process, terminated } = tidy(lab)
      process.signal(process.pid, reason)
      expect([process.isAlive, terminated]).toEqual([false, []])
    }
  })

  test('may be asynchronous: until then the process lives, handles nothing, and is not terminated twice', async () => {
    const lab = new Lab()
    const open = gate()
    const { process, terminated } = tidy(lab, open.promise)
    process.stop('normal')
    process.stop('shutdown')
    process.info('crash', undefined)
    await lab.settle()
    expect([process.status, process.depth, terminated]).toEqual(['ending', 1, ['normal']])
    open.resolve()
    await lab.settle()
    expect([process.endedWith, terminated]).toEqual(['normal', ['normal']])
  })

  test('can be cut short by kill', async () => {
    const lab = new Lab()
    const open = gate()
    const { process } = tidy(lab, open.promise)
    process.stop('normal')
    process.signal(process.pid, 'kill')
    expect(process.endedWith).toBe('killed')
    open.reject(new Error('nobody hears this'))
    await lab.settle()
    expect(lab.all('process.exited')).toHaveLength(1)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('worse')
      },
    ],
    ['rejects', () => Promise.reject(new Error('worse'))],
  ])('that %s gives the reason of the end', async (_how, terminate) => {
    const lab = new Lab()
    const process = lab.spawn(body(undefined, { terminate }))
    process.stop('normal')
    await lab.settle()
    expect(process.endedWith).toMatchObject({ error: { message: 'worse' } })
  })
})

describe('sendAfter', () => {
  test('sends its process an info after the time, and not before', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const process = lab.spawn(noting(heard))
    process.sendAfter(100, 'tick', 1)
    await lab.clock.advance(99)
    expect(heard).toEqual([])
    await lab.clock.advance(1)
    expect(heard).toEqual(['tick 1'])
  })

  test('sends nothing once it is cancelled; cancelling twice, or too late, does nothing', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const process = lab.spawn(noting(heard))
    const never = process.sendAfter(100, 'never')
    const late = process.sendAfter(10, 'tick')
    await lab.clock.advance(5)
    expect(never.remainingMs()).toBe(95)
    expect(never.cancel()).toBe(95)
    expect(never.cancel()).toBe(false)
    await lab.clock.advance(1000)
    expect(late.cancel()).toBe(false)
    expect(heard).toEqual(['tick'])
    expect(lab.clock.pending).toBe(0)
  })

  test('ends with its process, and keeps nothing of it', async () => {
    const lab = new Lab()
    const process = lab.spawn(body())
    for (const days of [1, 7, 30]) process.sendAfter(days * 86_400_000, 'close')
    expect(lab.clock.pending).toBe(3)
    process.die('shutdown')
    expect(lab.clock.pending).toBe(0)
  })

  test.each([-1, Number.NaN])('refuses a delay of %d', (ms) => {
    const process = new Lab().spawn(body())
    expect(() => process.sendAfter(ms, 'tick')).toThrow(
      expect.objectContaining({
        code: 'ERR_OTP_PROCESS_BAD_DELAY',
        message: `expected a delay of 0 ms or more for the info 'tick', got ${ms}`,
      }),
    )
  })
})
