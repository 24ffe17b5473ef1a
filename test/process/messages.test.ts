// Messages: in order, one at a time, and nobody starves.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventStream, systemClock } from '#base'
import { Name, Pid, type Process, type ProcessEvents, Runtime } from '#process'
import { body, gate, Lab, noting } from '#test/process/support/lab.ts'

describe('between any two processes', () => {
  test('messages arrive in the order in which they were sent (property)', async () => {
    const schedule = fc.array(fc.record({ from: fc.nat(2), to: fc.nat(2), turn: fc.boolean() }), { maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(schedule, async (messages) => {
        const lab = new Lab()
        const heard = new Map<string, number[]>()
        const receive = (self: Process, { payload }: { payload: unknown }) => {
          const [from, number] = payload as [number, number]
          const key = `${from} to ${self.pid}`
          heard.set(key, [...(heard.get(key) ?? []), number])
        }
        const processes = [0, 1, 2].map(() => lab.spawn(body(receive)))
        for (const [number, { from, to, turn }] of messages.entries()) {
          processes[from]?.send((processes[to] as Process).pid, 'message', [from, number])
          if (turn) await Promise.resolve()
        }
        await lab.settle()
        expect([...heard.values()].flat()).toHaveLength(messages.length)
        for (const numbers of heard.values()) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      }),
      { numRuns: 50 },
    )
  })

  test('calls, casts and infos keep one order among each other', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const receiver = lab.spawn(
      body((_self, { kind, name, replyTo }) => {
        heard.push(`${kind} ${name}`)
        replyTo?.reply(undefined)
      }),
    )
    const sender = lab.spawn(body())
    sender.cast(receiver.pid, 'one')
    const answer = sender.call(receiver.pid, 'two')
    sender.send(receiver.pid, 'three')
    await answer
    await lab.settle()
    expect(heard).toEqual(['cast one', 'call two', 'info three'])
  })
})

describe('an asynchronous handler', () => {
  test('keeps the next message waiting until it has settled', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const open = gate()
    const process = lab.spawn(
      body(async (_self, { name }) => {
        heard.push(`${name} begins`)
        if (name === 'first') await open.promise
        heard.push(`${name} ends`)
      }),
    )
    process.info('first', undefined)
    process.info('second', undefined)
    await lab.settle()
    expect(heard).toEqual(['first begins'])
    expect(process).toMatchObject({ status: 'waiting', depth: 1 })
    open.resolve()
    await lab.settle()
    expect(heard).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
    expect(process).toMatchObject({ status: 'idle', depth: 0, handled: 2 })
  })

  test('keeps only its own process waiting', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const slow = lab.spawn(body(() => new Promise<void>(() => undefined)))
    const other = lab.spawn(noting(heard))
    slow.info('work', undefined)
    other.info('work', undefined)
    await lab.settle()
    expect(heard).toEqual(['work'])
    expect([...lab.runtime.backlogged()]).toEqual([slow])
  })

  test('that rejects is a crash', async () => {
    const lab = new Lab()
    const process = lab.spawn(body(() => Promise.reject(new Error('broken'))))
    process.info('work', undefined)
    await lab.settle()
    expect(lab.only('process.exited')).toMatchObject({ class: 'error', handling: 'info work', reason: { error: { message: 'broken' } } })
  })

  test('of a process that is killed goes on to its end in vain: no message follows, and it sends, calls and watches nothing', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const open = gate()
    const witness = lab.spawn(noting(heard))
    const zombie = lab.spawn(
      body(async (self, { name }) => {
        heard.push(`${name} begins`)
        await open.promise
        self.send(witness.pid, 'sent')
        self.cast(witness.pid, 'cast')
        self.monitor(witness.pid)
        self.sendAfter(10, 'later')
        await expect(self.call(witness.pid, 'called')).rejects.toMatchObject({ reason: 'killed' })
        heard.push(`${name} ends`)
      }),
    )
    zombie.info('first', undefined)
    zombie.info('second', undefined)
    await lab.settle()
    zombie.signal(witness.pid, 'kill')
    open.resolve()
    await lab.clock.advance(100)
    expect(heard).toEqual(['first begins', 'first ends'])
    expect(zombie.status).toBe('dead')
    witness.die('shutdown')
    await lab.settle()
    expect(lab.all('process.dead_letter')).toEqual([])
    expect(lab.clock.pending).toBe(0)
  })

  test('that ended its own process before its first await may fail unheard', async () => {
    const lab = new Lab()
    const open = gate()
    const process = lab.spawn(
      body(async (self) => {
        self.runtime.exit(self.pid, self.pid, 'kill')
        await open.promise
        throw new Error('nobody hears this')
      }),
    )
    process.info('work', undefined)
    await lab.settle()
    open.resolve()
    // An unhandled rejection would fail this run.
    await lab.settle()
    expect(process.endedWith).toBe('killed')
    expect([...lab.runtime.backlogged()]).toEqual([])
  })
})

describe('a message that reaches nobody', () => {
  test.each([
    ['a pid that is no more', (lab: Lab) => new Pid(lab.runtime.id, 99), 'n1.a.99'],
    ['a local name that nobody has', () => 'nobody', 'nobody'],
    ['a name of the cluster that nobody has', () => new Name('lot-1', 'lot'), 'lot-1'],
  ])('to %s is a dead letter, stated with its reason', (_what, ref, to) => {
    const lab = new Lab()
    lab.runtime.send(ref(lab), 'cast', 'hello', undefined)
    expect(lab.only('process.dead_letter')).toEqual({ to, message: 'cast hello', reason: 'noproc' })
  })

  test('because its process ended while it waited is lost, as in OTP', async () => {
    const lab = new Lab()
    const heard: string[] = []
    const process = lab.spawn(noting(heard))
    process.info('hello', undefined)
    process.die('shutdown')
    await lab.settle()
    expect(heard).toEqual([])
    expect(lab.all('process.dead_letter')).toEqual([])
  })
})

describe('the run queue', () => {
  test.each([
    ['a process keeps sending itself messages', (self: Process) => self.cast(self.pid, 'again')],
    ['asynchronous handlers follow each other', async (self: Process) => self.cast(self.pid, 'again')],
  ])('gives the event loop its turn while %s', async (_what, receive) => {
    const runtime = new Runtime({ id: 'n1.a', clock: systemClock, events: new EventStream<ProcessEvents>() })
    const result = runtime.spawn(body(receive), undefined, { cause: 'boot' })
    if (result instanceof Promise || !result.ok) throw new Error('did not start')
    const process = runtime.lookup(result.pid) as Process
    process.cast(process.pid, 'again')
    const turns: number[] = []
    for (let turn = 0; turn < 5; turn++) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
      turns.push(process.handled)
    }
    process.die('shutdown')
    for (const [i, handled] of turns.entries()) expect(handled).toBeLessThanOrEqual((i + 1) * 4096)
    expect(turns.at(-1)).toBeGreaterThan(4096)
  })

  test('gives others their turn after 128 messages of one process', async () => {
    const lab = new Lab()
    const order: string[] = []
    const busy = lab.spawn(body(() => void order.push('busy')))
    const other = lab.spawn(body(() => void order.push('other')))
    for (let i = 0; i < 300; i++) busy.info('work', undefined)
    other.info('work', undefined)
    await lab.settle()
    expect(order.indexOf('other')).toBe(128)
    expect(order).toHaveLength(301)
  })

  test('shows each process that is ready once, and none that has had its turn', async () => {
    const lab = new Lab()
    const seen: Process[] = []
    const looks = lab.spawn(body((self) => void seen.push(...self.runtime.backlogged())))
    const behind = lab.spawn(body())
    const busy = lab.spawn(body())
    for (let i = 0; i < 200; i++) busy.info('work', undefined)
    looks.info('look', undefined)
    behind.info('work', undefined)
    await lab.settle()
    expect(seen).toEqual([behind, busy])
  })

  test('lets a message age from when it came in, also after the node was idle', async () => {
    const lab = new Lab()
    const open = gate()
    const process = lab.spawn(body(() => open.promise))
    process.info('first', undefined)
    await lab.clock.advance(5000)
    process.info('second', undefined)
    await lab.clock.advance(1000)
    expect(process.oldestMs).toBe(1000)
    open.resolve()
    await lab.clock.advance(3000)
    process.info('third', undefined)
    expect(process.oldestMs).toBe(0)
  })
})
