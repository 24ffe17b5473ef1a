// What a request sets going and leaves behind is not its own: timers, loops and exit signals run outside of its trace.
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { createTracing } from '#observability/context.ts'
import { genServer, reply, type Self } from '#otp'
import { type Clock, EventStream } from '#otp-labs'
import { detachedClock, exit, type Pid, type ProcessEvents, Runtime } from '#process'
import { FakeClock, settled } from '#test/support/fake-clock.ts'
import { memoryTracers } from './support/spans.ts'

function node() {
  const tracers = memoryTracers()
  const tracing = createTracing(tracers)
  const fake = new FakeClock(0)
  // As Node's own timers do, it calls back in the context in which it was set.
  const keeping: Clock = {
    now: () => fake.now(),
    wall: () => fake.wall(),
    after: (ms, fn) => fake.after(ms, AsyncLocalStorage.bind(fn)),
    soon: (fn) => fake.soon(AsyncLocalStorage.bind(fn)),
  }
  const clock = detachedClock(keeping, tracing)
  const runtime = new Runtime({ id: 'n1.a', clock, events: new EventStream<ProcessEvents>(), tracing })
  /** In which trace something was heard, in order. */
  const heard: (string | undefined)[] = []
  const note = () => {
    heard.push(tracing.current())
  }
  const spawn = (behaviour: { body: Parameters<Runtime['spawn']>[0] }): Pid => {
    const result = runtime.spawn(behaviour.body, undefined, { cause: 'boot' })
    if (result instanceof Promise || !result.ok) throw new Error('it did not start')
    return result.pid
  }
  /** Runs in a request that is kept, and answers that request's trace. */
  const request = async (run: () => unknown): Promise<string> => {
    let pending: unknown
    const span = tracing.serve('GET /', undefined, {}, () => {
      pending = run()
    })
    await pending
    await settled()
    return span.carrier as string
  }
  return { ...tracers, tracing, fake, clock, runtime, heard, note, spawn, request }
}

describe('a timer', () => {
  const alarm = (note: () => void, set: (self: Self) => unknown) =>
    genServer({
      name: 'alarm',
      init: () => 0,
      calls: {
        set: (count: number, _nothing: undefined, self) => {
          note()
          set(self)
          return reply(count, count)
        },
      },
      infos: {
        ring: (count: number) => {
          note()
          return count
        },
      },
    })

  test.for([
    ['rings once', (self: Self): unknown => self.sendAfter(100, 'ring'), 1],
    ['rings again and again', (self: Self): unknown => self.sendInterval(50, 'ring'), 2],
  ] as const)('that is set within a request and %s does so outside of it', async ([, set, times]) => {
    const { fake, runtime, heard, note, spawn, request, spans } = node()
    const pid = spawn(alarm(note, set))
    await request(() => runtime.call(pid, 'set', undefined))
    const made = spans().length
    await fake.advance(100)
    expect(heard[0]).toBeDefined()
    expect(heard.slice(1)).toEqual(Array.from({ length: times }, () => undefined))
    expect(spans()).toHaveLength(made)
  })
})

test('a loop that begins within a request and sets its own timer goes on outside of it', async () => {
  const { fake, clock, heard, note, request } = node()
  const loop = (): void => {
    note()
    clock.after(10, loop)
  }
  await request(loop)
  await fake.advance(30)
  expect(heard[0]).toBeDefined()
  expect(heard.slice(1)).toEqual([undefined, undefined, undefined])
})

test('a node’s turn that a request began handles what others sent outside of it', async () => {
  const { runtime, heard, note, spawn, request } = node()
  const listener = genServer({
    name: 'listener',
    init: () => 0,
    casts: {
      hear: (count: number) => {
        note()
        return count
      },
    },
  })
  const [first, second] = [spawn(listener), spawn(listener)]
  let sendOutside: () => void = () => {}
  const outside = new Promise<void>((resolve) => {
    sendOutside = resolve
  }).then(() => runtime.send(second, 'cast', 'hear', undefined))
  await request(async () => {
    // What was sent outside is there when the turn begins.
    sendOutside()
    runtime.send(first, 'cast', 'hear', undefined)
    await outside
  })
  expect(heard.map((trace) => trace !== undefined)).toEqual([true, false])
})

test('the exit of a linked process comes outside of the trace in which it died', async () => {
  const { runtime, heard, note, spawn, request, named } = node()
  const fragile = genServer({ name: 'fragile', init: () => 0, casts: { crash: (): number => exit('boom') } })
  const watcher = genServer({
    name: 'watcher',
    trapExit: true,
    init: () => 0,
    calls: {
      link: (count, to: Pid, self) => {
        self.linkTo(to)
        return reply(count, count)
      },
    },
    infos: {
      EXIT: (count) => {
        note()
        return count
      },
    },
  })
  const [victim, other] = [spawn(fragile), spawn(watcher)]
  await runtime.call(other, 'link', victim)
  await request(() => runtime.send(victim, 'cast', 'crash', undefined))
  expect(named('otp.cast fragile.crash')).toHaveLength(2)
  expect(heard).toEqual([undefined])
  expect(named('otp.info watcher.EXIT')).toEqual([])
})
