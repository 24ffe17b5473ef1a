// gen_server: calls, casts and infos, one at a time, on a state that is replaced.
import { describe, expect, test } from 'vitest'
import { genServer, noReply, reply, type Self, stop } from '#otp'
import { Crash, describeExit, type ExitReason, type Process, type ReplyTo } from '#process'
import { call, start, tryStart } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

const terminated: ExitReason[] = []
const kept: ReplyTo[] = []

interface Counter {
  readonly count: number
}

const Counter = genServer({
  name: 'counter',
  init: (count: number): Counter => ({ count }),
  calls: {
    count: (state) => reply(state.count, state),
    add: async (state, by: number) => {
      await Promise.resolve()
      return reply('added', { count: state.count + by })
    },
    keep: (state, _nothing: undefined, self: Self) => {
      kept.push(self.from as ReplyTo)
      return noReply({ count: state.count + 1 })
    },
    keepLater: async (state, _nothing: undefined, self: Self) => {
      await Promise.resolve()
      kept.push(self.from as ReplyTo)
      return noReply(state)
    },
    end: (state, reason: ExitReason) => stop(reason, state),
    endWith: (_state, answer: unknown) => stop('normal', { count: -1 }, answer),
    endLater: async (state) => {
      await Promise.resolve()
      return stop('normal', state, 'bye')
    },
    crash: (): never => {
      throw new TypeError('broken')
    },
    crashLater: async (): Promise<never> => Promise.reject(new TypeError('broken')),
    bad: () => 'no answer' as never,
    badLater: async () => undefined as never,
  },
  casts: {
    add: (state, by: number) => ({ count: state.count + by }),
    addLater: async (state, by: number) => ({ count: state.count + by }),
    end: (state) => stop('shutdown', state),
    answer: (state) => reply('x', state) as never,
  },
  infos: {
    add: (state, by: number) => ({ count: state.count + by }),
    end: async (state) => stop({ shutdown: 'told' }, state),
  },
  terminate: (state, reason) => {
    terminated.push(reason, `with ${state.count}`)
  },
})

function counter(count = 0): { lab: Lab; process: Process } {
  terminated.length = 0
  kept.length = 0
  const lab = new Lab()
  return { lab, process: start(lab, Counter, count) }
}

const count = (lab: Lab, process: Process) => call<number>(lab, process, 'count')

describe('a message', () => {
  test('that is a call is answered from the state, and changes it', async () => {
    const { lab, process } = counter(7)
    expect(await count(lab, process)).toBe(7)
    expect(await call(lab, process, 'add', 3)).toBe('added')
    expect(await count(lab, process)).toBe(10)
  })

  test('that is a cast or an info changes the state, and nobody waits', async () => {
    const { lab, process } = counter()
    process.cast(process.pid, 'add', 1)
    process.cast(process.pid, 'addLater', 10)
    process.info('add', 100)
    expect(await count(lab, process)).toBe(111)
  })

  test('waits while an asynchronous callback before it is under way', async () => {
    const { lab, process } = counter(1)
    const [added, then] = [call(lab, process, 'add', 1), count(lab, process)]
    expect(await then).toBe(2)
    await added
  })

  test('of a kind is looked up among that kind only', async () => {
    const { lab, process } = counter()
    process.cast(process.pid, 'count')
    process.info('crash', undefined)
    await lab.settle()
    expect(lab.all('process.dead_letter')).toEqual([
      { to: String(process.pid), message: 'cast count', reason: 'unhandled' },
      { to: String(process.pid), message: 'info crash', reason: 'unhandled' },
    ])
    expect(process.isAlive).toBe(true)
  })

  test.each(['nothing', '__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])(
    'that calls %j, which there is not, fails its caller and not the server',
    async (name) => {
      const { lab, process } = counter(5)
      await expect(call(lab, process, name)).rejects.toMatchObject({
        reason: {
          error: {
            code: 'ERR_OTP_OTP_UNKNOWN_CALL',
            message: expect.stringMatching(`^counter has no call '${name}'; it has: count, add, `),
          },
        },
      })
      process.cast(process.pid, name)
      process.info(name, undefined)
      expect(await count(lab, process)).toBe(5)
    },
  )

  test('called EXIT or DOWN may be sent by anybody, and is an info like others', async () => {
    const { lab, process } = counter(5)
    for (const payload of [undefined, {}, { from: undefined, reason: 'normal' }, { from: process.pid, reason: 'oops' }]) {
      process.info('EXIT', payload)
      process.info('DOWN', payload)
    }
    expect(await count(lab, process)).toBe(5)
  })
})

describe('noReply', () => {
  test('leaves the answer for later, and the server free meanwhile', async () => {
    const { lab, process } = counter()
    const later = call(lab, process, 'keep')
    expect(await count(lab, process)).toBe(1)
    process.reply(kept[0] as ReplyTo, 'at last')
    expect(await later).toBe('at last')
  })

  test('may come after an await: the caller is still at hand', async () => {
    const { lab, process } = counter()
    const later = call(lab, process, 'keepLater')
    await count(lab, process)
    process.reply(kept[0] as ReplyTo, 'at last')
    expect(await later).toBe('at last')
  })

  test('whose answer never came ends with the reason of the server', async () => {
    const { lab, process } = counter()
    const later = call(lab, process, 'keep')
    await lab.settle()
    process.signal(process.pid, 'kill')
    await expect(later).rejects.toMatchObject({ reason: 'killed' })
  })
})

describe('stop', () => {
  test('with an answer answers the call and then ends, in the state it gave', async () => {
    const { lab, process } = counter()
    expect(await call(lab, process, 'endWith', 'bye')).toBe('bye')
    expect(process.endedWith).toBe('normal')
    expect(terminated).toEqual(['normal', 'with -1'])
  })

  test('without an answer ends, and the caller gets the reason', async () => {
    const { lab, process } = counter()
    await expect(call(lab, process, 'end', 'oops')).rejects.toMatchObject({ reason: 'oops' })
    expect(terminated).toEqual(['oops', 'with 0'])
  })

  test('may come from an asynchronous callback', async () => {
    const { lab, process } = counter()
    expect(await call(lab, process, 'endLater')).toBe('bye')
    await lab.settle()
    expect(process.endedWith).toBe('normal')
  })

  test('may come from a cast and from an info', async () => {
    const byCast = counter()
    byCast.process.cast(byCast.process.pid, 'end')
    await byCast.lab.settle()
    expect(byCast.process.endedWith).toBe('shutdown')
    const byInfo = counter()
    byInfo.process.info('end', undefined)
    await byInfo.lab.settle()
    expect(byInfo.process.endedWith).toEqual({ shutdown: 'told' })
    expect(terminated).toEqual([{ shutdown: 'told' }, 'with 0'])
  })

  test('leaves unhandled what came after it', async () => {
    const { lab, process } = counter()
    process.cast(process.pid, 'end')
    await expect(call(lab, process, 'count')).rejects.toMatchObject({ reason: 'shutdown' })
  })
})

describe('a callback that fails', () => {
  test.each(['crash', 'crashLater'])(
    '(%s) is the crash of the server and the reason its caller gets; terminate sees the last good state',
    async (name) => {
      const { lab, process } = counter(3)
      await expect(call(lab, process, name)).rejects.toMatchObject({ reason: { error: { message: 'broken' } } })
      expect(process.endedWith).toBeInstanceOf(Crash)
      expect(terminated).toEqual([process.endedWith, 'with 3'])
      expect(lab.only('process.exited')).toMatchObject({ handling: `call ${name}`, class: 'error' })
    },
  )

  test.each([
    ['bad', 'counter: a call of it has to return reply(…), noReply(…) or stop(…), got string'],
    ['badLater', 'counter: a call of it has to return reply(…), noReply(…) or stop(…), got undefined'],
  ])('(%s) by returning what is no answer crashes the server with a clear error', async (name, message) => {
    const { lab, process } = counter()
    await expect(call(lab, process, name)).rejects.toMatchObject({ reason: { error: { code: 'ERR_OTP_OTP_BAD_RETURN', message } } })
    expect(process.isAlive).toBe(false)
  })

  test.each(['answer'])(
    '(%s) by answering a cast crashes the server with a clear error, and keeps no answer as its state',
    async (name) => {
      const { lab, process } = counter(3)
      process.cast(process.pid, name)
      await lab.settle()
      expect(process.endedWith).toMatchObject({
        error: { code: 'ERR_OTP_OTP_BAD_RETURN', message: expect.stringContaining('a cast, an info or a continue of it') },
      })
      expect(terminated.at(-1)).toBe('with 3')
    },
  )
})

describe('the start of a server', () => {
  test('has its argument, and may be asynchronous', async () => {
    const lab = new Lab()
    const Slow = genServer({ name: 'slow', init: async (n: number) => n * 2, calls: { look: (n) => reply(n, n) } })
    const started = await tryStart(lab, Slow, 21)
    if (!started.ok) throw new Error('did not start')
    expect(await call(lab, started.pid, 'look')).toBe(42)
  })

  test.each(['', '1a', 'a b', 'a'.repeat(64), 'ä'])('under the name %j is refused', (name) => {
    expect(() => genServer({ name, init: () => 0 })).toThrow(expect.objectContaining({ code: 'ERR_OTP_OTP_BAD_BEHAVIOUR' }))
  })
})

describe('a server that was started by another', () => {
  const notes: string[] = []
  const child = (trapExit: boolean) =>
    genServer({
      name: 'child',
      trapExit,
      init: () => 0,
      infos: {
        EXIT: (state, { reason }: { reason: string }) => {
          notes.push(`EXIT ${reason}`)
          return state
        },
      },
      terminate: (_state, reason) => void notes.push(`terminate ${describeExit(reason)}`),
    })

  function family(trapExit: boolean): { lab: Lab; parent: Process; other: Process; process: Process } {
    notes.length = 0
    const lab = new Lab()
    const parent = start(lab, Counter, 0)
    const other = start(lab, Counter, 0)
    const process = lab.spawn(child(trapExit).body, { parent })
    process.link(other)
    return { lab, parent, other, process }
  }

  test('and traps exits, ends with the exit of that one, after terminate', async () => {
    const { lab, parent, process } = family(true)
    parent.die('shutdown')
    await lab.settle()
    expect(process.endedWith).toBe('shutdown')
    expect(notes).toEqual(['terminate shutdown'])
  })

  test('and traps exits, gets the exit of any other as an info', async () => {
    const { lab, other, process } = family(true)
    other.die('oops')
    await lab.settle()
    expect(process.isAlive).toBe(true)
    expect(notes).toEqual(['EXIT oops'])
  })

  test('and does not trap exits, ends at once and without terminate', async () => {
    const { lab, parent, process } = family(false)
    parent.die('shutdown')
    expect(process.endedWith).toBe('shutdown')
    await lab.settle()
    expect(notes).toEqual([])
  })

  test('and is told to end while an asynchronous callback is under way, ends after it if it traps exits', async () => {
    const lab = new Lab()
    const open = gate()
    const ends: string[] = []
    const Slow = genServer({
      name: 'slow',
      trapExit: true,
      init: () => 'first',
      casts: { work: async () => open.promise.then(() => 'second') },
      terminate: (state) => void ends.push(state),
    })
    const parent = start(lab, Counter, 0)
    const process = lab.spawn(Slow.body, { parent })
    process.cast(process.pid, 'work')
    await lab.settle()
    process.signal(parent.pid, 'shutdown')
    await lab.settle()
    expect(ends).toEqual([])
    open.resolve()
    await lab.settle()
    expect(ends).toEqual(['second'])
  })
})
