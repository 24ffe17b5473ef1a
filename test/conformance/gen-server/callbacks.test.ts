// gen_server's callbacks, sentence by sentence: continue, time-outs and answers that come later.
import { describe, expect, test } from 'vitest'
import { genServer, noReply, ok, reply, type Self, stop } from '#otp'
import type { ReplyTo } from '#process'
import { call, start, tryStart } from '#test/otp/support/start.ts'
import { gate, Lab } from '#test/process/support/lab.ts'

describe('handle_continue', () => {
  const order: string[] = []
  const Chain = genServer({
    name: 'chain',
    init: () => 0,
    calls: {
      work: (n) => reply('done', n + 1, { continue: 'more', argument: 'call' }),
      later: (n, _nothing: undefined, self: Self) => {
        kept = self.from
        return noReply(n, { continue: 'answer' })
      },
      look: (n) => reply(n, n),
    },
    casts: {
      work: async (n) => noReply(n + 1, { continue: 'more', argument: 'cast' }),
      note: (n) => {
        order.push('note')
        return n
      },
      wrong: (n) => noReply(n, { continue: 'nothing' as 'more' }),
    },
    infos: { work: (n) => noReply(n + 1, { continue: 'twice' }) },
    continues: {
      more: (n, by: string) => {
        order.push(`more ${by}`)
        return n + 10
      },
      twice: (n) => noReply(n + 100, { continue: 'more', argument: 'twice' }),
      answer: (n, _nothing: undefined, self: Self) => {
        self.reply(kept as ReplyTo, 'from continue')
        return stop('shutdown', n)
      },
    },
  })
  let kept: ReplyTo | undefined

  test('is called when a callback returns continue, before any other message', async () => {
    order.length = 0
    const lab = new Lab()
    const process = start(lab, Chain)
    process.cast(process.pid, 'work')
    process.cast(process.pid, 'note')
    expect(await call(lab, process, 'look')).toBe(11)
    expect(order).toEqual(['more cast', 'note'])
  })

  test('is called after the answer to the call was given', async () => {
    const lab = new Lab()
    const open = gate()
    const Slow = genServer({
      name: 'slow',
      init: () => 0,
      calls: { work: (n) => reply('done', n, { continue: 'wait' }) },
      continues: { wait: async (n) => open.promise.then(() => n) },
    })
    const process = start(lab, Slow)
    expect(await call(lab, process, 'work')).toBe('done')
    expect(process.status).toBe('waiting')
    open.resolve()
  })

  test('may return continue again', async () => {
    const lab = new Lab()
    const process = start(lab, Chain)
    process.info('work', undefined)
    expect(await call(lab, process, 'look')).toBe(111)
  })

  test('may answer a caller that got noreply, and stop', async () => {
    const lab = new Lab()
    const process = start(lab, Chain)
    expect(await call(lab, process, 'later')).toBe('from continue')
    expect(process.endedWith).toBe('shutdown')
  })

  test('that there is not ends the process with a clear error', async () => {
    const lab = new Lab()
    const process = start(lab, Chain)
    process.cast(process.pid, 'wrong')
    await lab.settle()
    expect(process.endedWith).toMatchObject({
      error: { code: 'ERR_OTP_OTP_BAD_RETURN', message: "chain has no continue 'nothing'; it has: more, twice, answer" },
    })
  })
})

describe('a time-out', () => {
  const Waiting = genServer({
    name: 'waiting',
    init: (timeoutMs: number | 'infinity') => ok([] as string[], { timeoutMs }),
    calls: { look: (notes) => reply(notes, notes), again: (notes, timeoutMs: number) => reply('ok', notes, { timeoutMs }) },
    casts: { again: (notes, timeoutMs: number) => noReply(notes, { timeoutMs }), nothing: (notes) => notes },
    infos: { timeout: (notes) => [...notes, 'timeout'] },
  })

  test('is the info timeout after so many milliseconds without a message', async () => {
    const lab = new Lab()
    const process = start(lab, Waiting, 100)
    await lab.clock.advance(99)
    expect(process.state).toEqual([])
    await lab.clock.advance(1)
    expect(process.state).toEqual(['timeout'])
  })

  test('comes once', async () => {
    const lab = new Lab()
    const process = start(lab, Waiting, 100)
    await lab.clock.advance(1000)
    expect(process.state).toEqual(['timeout'])
  })

  test('does not come when a message comes first', async () => {
    const lab = new Lab()
    const process = start(lab, Waiting, 100)
    await lab.clock.advance(50)
    process.cast(process.pid, 'nothing')
    await lab.clock.advance(1000)
    expect(process.state).toEqual([])
    expect(lab.clock.pending).toBe(0)
  })

  test('may be set by every callback, each time anew', async () => {
    const lab = new Lab()
    const process = start(lab, Waiting, 'infinity')
    process.cast(process.pid, 'again', 100)
    await lab.clock.advance(60)
    process.cast(process.pid, 'again', 100)
    await lab.clock.advance(60)
    expect(process.state).toEqual([])
    await lab.clock.advance(40)
    expect(process.state).toEqual(['timeout'])
    await call(lab, process, 'again', 10)
    await lab.clock.advance(10)
    expect(process.state).toEqual(['timeout', 'timeout'])
  })

  test('of infinity never comes', async () => {
    const lab = new Lab()
    start(lab, Waiting, 'infinity')
    await lab.clock.advance(1_000_000)
    expect(lab.clock.pending).toBe(0)
  })

  test('of 0 comes at once if no message waits', async () => {
    const lab = new Lab()
    const process = start(lab, Waiting, 'infinity')
    process.cast(process.pid, 'again', 0)
    await lab.settle()
    expect(process.state).toEqual(['timeout'])
  })

  test('of 0 does not come if a message waits already', async () => {
    const lab = new Lab()
    const process = start(lab, Waiting, 'infinity')
    process.cast(process.pid, 'again', 0)
    process.cast(process.pid, 'nothing')
    await lab.settle()
    expect(process.state).toEqual([])
  })

  test('ends with its process', async () => {
    const lab = new Lab()
    const process = start(lab, Waiting, 100)
    process.signal(process.pid, 'kill')
    await lab.clock.advance(1000)
    expect(lab.all('process.dead_letter')).toEqual([])
    expect(lab.clock.pending).toBe(0)
  })

  test('that nobody handles is a dead letter', async () => {
    const lab = new Lab()
    const process = start(lab, genServer({ name: 'deaf', init: () => ok(0, { timeoutMs: 5 }) }))
    await lab.clock.advance(5)
    expect(lab.only('process.dead_letter')).toEqual({ to: String(process.pid), message: 'info timeout', reason: 'unhandled' })
  })
})

describe('reply', () => {
  const Desk = genServer({
    name: 'desk',
    init: () => [] as readonly ReplyTo[],
    calls: { ask: (asking, _nothing: undefined, self: Self) => noReply([...asking, self.from as ReplyTo]) },
    casts: {
      answer: (asking, value: string, self: Self) => {
        for (const from of asking) self.reply(from, value)
        return asking
      },
      pass: (asking, to: string, self: Self) => {
        self.cast(to, 'answer', asking[0])
        return []
      },
    },
  })
  const Helper = genServer({
    name: 'helper',
    init: () => 0,
    casts: {
      answer: (n, from: ReplyTo, self: Self) => {
        self.reply(from, 'from another process')
        return n
      },
    },
  })

  test('answers a call that returned noreply, from any later callback', async () => {
    const lab = new Lab()
    const process = start(lab, Desk)
    const asked = [call(lab, process, 'ask'), call(lab, process, 'ask')]
    process.cast(process.pid, 'answer', 'yes')
    expect(await Promise.all(asked)).toEqual(['yes', 'yes'])
  })

  test('given twice is dropped the second time', async () => {
    const lab = new Lab()
    const process = start(lab, Desk)
    const asked = call(lab, process, 'ask')
    process.cast(process.pid, 'answer', 'first')
    process.cast(process.pid, 'answer', 'second')
    expect(await asked).toBe('first')
    await lab.settle()
    expect(process.isAlive).toBe(true)
  })

  test('may be called by another process than the one that was called', async () => {
    const lab = new Lab()
    const process = start(lab, Desk)
    lab.spawn(Helper.body, { name: 'helper' })
    const asked = call(lab, process, 'ask')
    process.cast(process.pid, 'pass', 'helper')
    expect(await asked).toBe('from another process')
  })
})

describe('terminate', () => {
  const ends: string[] = []
  const Server = genServer({
    name: 'server',
    init: (trapExit: boolean, self: Self) => {
      self.trapExit = trapExit
      return 'first'
    },
    calls: { stop: (_state, answer?: string) => stop('normal', 'last', answer), look: (state) => reply(state, state) },
    casts: {
      stop: () => stop({ shutdown: 'told' }, 'last'),
      crash: (): string => {
        throw new Error('broken')
      },
    },
    infos: { stop: () => stop('oops', 'last') },
    terminate: (state, reason) => void ends.push(`${state} ${typeof reason === 'string' ? reason : JSON.stringify(reason)}`),
  })
  const begin = (trapExit = false) => {
    ends.length = 0
    const lab = new Lab()
    const parent = start(lab, Server, false)
    return { lab, parent, process: lab.spawn(Server.body, { parent }, trapExit) }
  }

  test('is called with the reason and the state of a callback that stops, of each kind', async () => {
    const { lab, process } = begin()
    await expect(call(lab, process, 'stop')).rejects.toMatchObject({ reason: 'normal' })
    expect(ends).toEqual(['last normal'])
    const second = start(lab, Server, true)
    second.cast(second.pid, 'stop')
    const third = start(lab, Server, true)
    third.info('stop', undefined)
    await lab.settle()
    expect(ends.slice(1)).toEqual(['last {"shutdown":"told"}', 'last oops'])
  })

  test('is called after the answer that came with the stop was given', async () => {
    const { lab, process } = begin()
    expect(await call(lab, process, 'stop', 'bye')).toBe('bye')
    expect(ends).toEqual(['last normal'])
  })

  test('is called after a crash, with the error and the last good state', async () => {
    const { lab, process } = begin()
    process.cast(process.pid, 'crash')
    await lab.settle()
    expect(ends).toEqual([expect.stringMatching(/^first .*broken/)])
  })

  test('is called for an exit of the parent if the process traps exits', async () => {
    const { lab, parent, process } = begin(true)
    parent.die('shutdown')
    await lab.settle()
    expect([ends, process.endedWith]).toEqual([['first shutdown'], 'shutdown'])
  })

  test('is not called for an exit of the parent if the process does not trap exits', async () => {
    const { lab, parent, process } = begin(false)
    parent.die('shutdown')
    await lab.settle()
    expect([ends, process.endedWith]).toEqual([[], 'shutdown'])
  })

  test('is not called for kill, whether exits are trapped or not', async () => {
    const { lab, parent, process } = begin(true)
    process.signal(parent.pid, 'kill')
    await lab.settle()
    expect([ends, process.endedWith]).toEqual([[], 'killed'])
  })

  test('is not called when an exit of somebody else arrives: that is an info', async () => {
    const { lab, process } = begin(true)
    const other = start(lab, Server, false)
    process.link(other)
    other.die('oops')
    await lab.settle()
    expect([ends, process.isAlive]).toEqual([[], true])
  })

  test('that throws gives the process its error as the reason of its end', async () => {
    const lab = new Lab()
    const Failing = genServer({
      name: 'failing',
      init: () => 0,
      casts: { stop: (n) => stop('normal', n) },
      terminate: () => {
        throw new Error('in terminate')
      },
    })
    const process = start(lab, Failing)
    process.cast(process.pid, 'stop')
    await lab.settle()
    expect(process.endedWith).toMatchObject({ error: { message: 'in terminate' } })
  })

  test('may be asynchronous, and its process handles nothing meanwhile', async () => {
    const lab = new Lab()
    const open = gate()
    const Slow = genServer({
      name: 'slow',
      init: () => 0,
      calls: { look: (n) => reply(n, n) },
      casts: { stop: (n) => stop('normal', n) },
      terminate: () => open.promise,
    })
    const started = await tryStart(lab, Slow)
    if (!started.ok) throw new Error('did not start')
    lab.runtime.send(started.pid, 'cast', 'stop', undefined)
    const asked = call(lab, started.pid, 'look')
    await lab.settle()
    expect(lab.runtime.processCount).toBe(1)
    open.resolve()
    await expect(asked).rejects.toMatchObject({ reason: 'normal' })
  })
})
