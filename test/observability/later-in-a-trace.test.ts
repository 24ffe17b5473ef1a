// What a message sets off and what is handled later than it came: each runs in the trace it belongs to.
import { describe, expect, test } from 'vitest'
import { createTracing } from '#observability/context.ts'
import { genServer, genStatem, keepState, nextState, noReply, ok, reply } from '#otp'
import { EventStream, systemClock } from '#otp-labs'
import { type Body, type Pid, type ProcessEvents, Runtime } from '#process'
import { memoryTracers } from './support/spans.ts'

const traceOf = (carrier: string | undefined): string | undefined => carrier?.split('-')[1]

function node() {
  const tracing = createTracing(memoryTracers())
  const runtime = new Runtime({ id: 'n1.a', clock: systemClock, events: new EventStream<ProcessEvents>(), tracing })
  const seen: Record<string, string | undefined> = {}
  /** Notes the trace it is called in. */
  const note = (what: string) => {
    seen[what] = traceOf(tracing.current())
  }
  /** Calls from within a request of its own, and answers that request's trace. */
  const request = async (to: Pid, name: string): Promise<string | undefined> => {
    let called: Promise<unknown> | undefined
    const span = tracing.serve(name, undefined, {}, () => {
      called = runtime.call(to, name, undefined)
    })
    await called
    return traceOf(span.carrier)
  }
  const start = (body: Body): Pid => {
    const started = runtime.spawn(body, undefined, { cause: 'boot' })
    if (started instanceof Promise || !started.ok) throw new Error('the process did not start at once')
    return started.pid
  }
  return { tracing, runtime, seen, note, request, start }
}

describe('a continue runs in the trace', () => {
  const server = (note: (what: string) => void, wait: () => Promise<void> | undefined) =>
    genServer({
      name: 'clerk',
      init: () => ok(0, { continue: 'begin' }),
      calls: {
        work: async (count) => {
          await wait()
          return reply('later', count, { continue: 'later' })
        },
        look: (count) => reply(count, count),
      },
      continues: {
        begin: (count: number, _argument: undefined) => {
          note('begin')
          return count
        },
        later: (count: number, _argument: undefined) => {
          note('later')
          return count
        },
      },
    })

  test.each([
    ['of the call that asked for it', () => undefined],
    ['of the call that asked for it after an await', () => Promise.resolve()],
  ])('%s', async (_which, wait) => {
    const { note, request, start, seen } = node()
    const pid = start(server(note, wait).body)
    const trace = await request(pid, 'work')
    expect(trace).toBeDefined()
    await request(pid, 'look')
    expect(seen).toEqual({ begin: undefined, later: trace })
  })

  test('in which the process was started', async () => {
    const { tracing, note, request, start, seen } = node()
    let pid: Pid | undefined
    const span = tracing.serve('start', undefined, {}, () => {
      pid = start(server(note, () => undefined).body)
    })
    await request(pid as Pid, 'look')
    expect(seen.begin).toBe(traceOf(span.carrier))
  })
})

describe('in a gen_statem', () => {
  const door = (note: (what: string) => void) =>
    genStatem({
      name: 'door',
      init: () => nextState('locked', 0),
      states: {
        locked: {
          calls: {
            enter: (count: number) => keepState(count, { postpone: true }),
            unlock: (count: number) => {
              note('unlock')
              return nextState('open', count, { reply: 'unlocked', nextEvents: [{ kind: 'internal', name: 'lights' }] })
            },
          },
          infos: { knock: (count: number) => keepState(count, { postpone: true }) },
        },
        open: {
          internals: {
            lights: (count: number) => {
              note('lights')
              return keepState(count)
            },
          },
          calls: {
            enter: (count: number) => {
              note('enter')
              return keepState(count, { reply: 'entered' })
            },
          },
          infos: {
            knock: (count: number) => {
              note('knock')
              return keepState(count)
            },
          },
        },
      },
    })

  test('an inserted event runs in the trace of the event that inserted it, a postponed one in its own', async () => {
    const { runtime, note, request, start, seen } = node()
    const pid = start(door(note).body)
    const entered = request(pid, 'enter')
    runtime.send(pid, 'info', 'knock', undefined)
    const unlocked = await request(pid, 'unlock')
    expect(unlocked).toBeDefined()
    expect(await entered).not.toBe(unlocked)
    expect(seen).toEqual({ unlock: unlocked, lights: unlocked, enter: await entered, knock: undefined })
  })
})

test('a crash in a continue says in which trace it was', async () => {
  const { runtime, request, start } = node()
  const traces: (string | undefined)[] = []
  const events = runtime.events as EventStream<ProcessEvents>
  events.subscribe('test', { 'process.exited': ({ trace }) => traces.push(traceOf(trace)) })
  const Fragile = genServer({
    name: 'fragile',
    init: () => 0,
    calls: { work: (count) => reply('done', count, { continue: 'crash' }), wait: (count) => noReply(count) },
    continues: {
      crash: (_count: number, _argument: undefined): number => {
        throw new Error('crash')
      },
    },
  })
  const pid = start(Fragile.body)
  const trace = await request(pid, 'work')
  await expect(runtime.call(pid, 'wait', undefined)).rejects.toThrow()
  expect(traces).toEqual([trace])
})
