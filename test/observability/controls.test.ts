// How much is traced: by the environment, by configuration, and while a node runs.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { startTelemetry } from '#observability'
import { createTracing } from '#observability/context.ts'
import { Sampling } from '#observability/traces/controls.ts'
import { batchingOf } from '#observability/traces/queue-options.ts'
import { samplerSettings } from '#observability/traces/sampler-settings.ts'
import { createTraces } from '#observability/traces.ts'
import { genServer, genStatem, keepState, nextState, reply } from '#otp'
import { EventStream, systemClock } from '#otp-labs'
import { type Pid, type ProcessEvents, Runtime } from '#process'
import { settled } from '#test/support/fake-clock.ts'
import { examples } from './support/facts.ts'
import { eventStream, identity } from './support/node.ts'
import { memoryTracers } from './support/spans.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const quiet = { node: identity, logLevel: 'silent' }

/** Telemetry that sends to nobody. */
function start(options: object = {}) {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9')
  return startTelemetry({ ...quiet, env: process.env, ...options })
}

describe('the share of requests that are kept', () => {
  test('is changed while the node runs, and holds for the next request', async () => {
    const { controls, tracing, shutdown } = await start()
    const isKept = () => tracing?.serve('GET /', undefined, {}, () => {}).carrier !== undefined
    expect([controls.sampling['otp.message'], isKept()]).toEqual([1, true])
    controls.setSampling('otp.message', 0)
    expect([controls.sampling['otp.message'], isKept()]).toEqual([0, false])
    controls.setSampling('otp.message', 1)
    expect(isKept()).toBe(true)
    await shutdown(50)
  })

  test('is what the configuration says rather than the environment', async () => {
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'always_on')
    const { controls, tracing, shutdown } = await start({ sampling: { 'otp.message': 0 } })
    expect(controls.sampling['otp.message']).toBe(0)
    expect(tracing?.serve('GET /', undefined, {}, () => {}).carrier).toBeUndefined()
    await shutdown(50)
  })

  test('does not go before what a request says of itself, unless the sampler is not parent based', async () => {
    const asked = (flag: string) => `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flag}`
    const kept: Record<string, boolean[]> = {}
    for (const [sampler, ratio] of [
      ['parentbased_always_off', 0],
      ['parentbased_always_on', 1],
      ['always_off', 0],
      ['always_on', 1],
    ] as const) {
      vi.stubEnv('OTEL_TRACES_SAMPLER', sampler)
      const { controls, tracing, shutdown } = await start()
      expect(controls.sampling['otp.message']).toBe(ratio)
      kept[sampler] = ['01', '00'].map((flag) => tracing?.serve('GET /', asked(flag), {}, () => {}).carrier !== undefined)
      await shutdown(50)
    }
    expect(kept).toEqual({
      parentbased_always_off: [true, false],
      parentbased_always_on: [true, false],
      always_off: [false, false],
      always_on: [true, true],
    })
  })

  test('is about what was asked for', async () => {
    const { controls, tracing, shutdown } = await start()
    controls.setSampling('otp.message', 0.25)
    let kept = 0
    for (let i = 0; i < 4000; i++) if (tracing?.serve('GET /', undefined, {}, () => {}).carrier !== undefined) kept++
    expect(kept).toBeGreaterThan(700)
    expect(kept).toBeLessThan(1300)
    await shutdown(50)
  })

  test.for([
    ['otp.message', 1.5],
    ['otp.message', -0.1],
    ['otp.lifecycle', Number.NaN],
    ['otp.nothing', 1],
  ] as const)('%s cannot be %s', ([scope, ratio]) => {
    expect(() => new Sampling().setSampling(scope as 'otp.message', ratio)).toThrow(
      expect.objectContaining({ code: 'ERR_OTP_TELEMETRY_BAD_RATIO' }),
    )
  })
})

test('with traces switched off the controls are there and change nothing', async () => {
  for (const env of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'true' }]) {
    const { controls, tracing, shutdown } = await startTelemetry({ ...quiet, env })
    controls.setSampling('otp.lifecycle', 0.5)
    expect(controls.sampling).toEqual({ 'otp.message': 1, 'otp.lifecycle': 0.5, 'otp.cluster': 1 })
    expect(tracing).toBeUndefined()
    await shutdown(50)
  }
})

test('when what is queued cannot leave fast enough, whole requests are left out, and counted', async () => {
  vi.stubEnv('OTEL_BSP_MAX_QUEUE_SIZE', '10')
  const { tracing, render, shutdown } = await start()
  const kept = Array.from({ length: 100 }, () => {
    const span = tracing?.serve('GET /', undefined, {}, () => {})
    span?.end('ok')
    return span?.carrier !== undefined
  })
  expect(kept.filter((is) => is)).toHaveLength(5)
  expect((await render()).body).toContain('otp_telemetry_spans_total{scope="otp.message",outcome="dropped"} 95')
  await shutdown(50)
})

test.for([
  ['otp.lifecycle', 'process.exited', 'otp.process.crash'],
  ['otp.cluster', 'cluster.member_changed', 'otp.cluster.member_change'],
] as const)('spans of %s are switched off and on while the node runs', ([scope, type, name]) => {
  const tracers = memoryTracers()
  const events = eventStream()
  events.subscribe('traces', createTraces(tracers).table)
  const emit = () => events.emit(type, examples[type][0])
  tracers.sampling.setSampling(scope, 0)
  emit()
  expect(tracers.named(name)).toHaveLength(0)
  tracers.sampling.setSampling(scope, 1)
  emit()
  expect(tracers.named(name)).toHaveLength(1)
})

describe('a behaviour that is not traceable', () => {
  const bank = genServer({
    name: 'bank',
    init: () => 0,
    calls: { hold: (count) => reply(count, count) },
    casts: { note: (count: number) => count },
  })
  const clerk = (traceable?: boolean) =>
    genServer({
      name: 'clerk',
      ...(traceable === undefined ? {} : { traceable }),
      init: () => 0,
      calls: { ask: async (count, to: Pid, self) => reply(await self.call(to, 'hold'), count) },
      casts: {
        tell: (count, to: Pid, self) => {
          self.cast(to, 'note')
          return count
        },
      },
    })

  function node() {
    const tracers = memoryTracers()
    const tracing = createTracing(tracers)
    const runtime = new Runtime({ id: 'n1.a', clock: systemClock, events: new EventStream<ProcessEvents>(), tracing })
    const spawn = (body: { body: Parameters<Runtime['spawn']>[0] }): Pid => {
      const result = runtime.spawn(body.body, undefined, { cause: 'boot' })
      if (result instanceof Promise || !result.ok) throw new Error('it did not start')
      return result.pid
    }
    const request = async (run: () => unknown) => {
      let pending: unknown
      tracing
        .serve('GET /', undefined, {}, () => {
          pending = run()
        })
        .end('ok')
      await pending
      await settled()
    }
    const names = () => tracers.spans().map(({ name }) => name)
    return { ...tracers, runtime, spawn, request, names }
  }

  test('makes no spans; a call passes the trace on to what it sets off', async () => {
    const { spans, runtime, spawn, request, names } = node()
    const [to, from] = [spawn(bank), spawn(clerk(false))]
    await request(() => runtime.call(from, 'ask', to))
    expect(names().sort()).toEqual(['GET /', 'otp.call bank.hold', 'otp.call bank.hold'])
    expect(new Set(spans().map((span) => span.spanContext().traceId)).size).toBe(1)
  })

  test('ends the trace with a cast', async () => {
    const { runtime, spawn, request, names } = node()
    const [to, from] = [spawn(bank), spawn(clerk(false))]
    await request(() => runtime.send(from, 'cast', 'tell', to))
    expect(names()).toEqual(['GET /'])
  })

  test('is traced as soon as somebody says so, and stays so when it is started again', async () => {
    const { sampling, runtime, spawn, request, names } = node()
    const to = spawn(bank)
    spawn(clerk(false))
    expect(sampling.untraceable).toEqual(['clerk'])
    sampling.setTraceable('clerk', true)
    const from = spawn(clerk(false))
    await request(() => runtime.call(from, 'ask', to))
    expect(names().filter((name) => name === 'otp.call clerk.ask')).toHaveLength(2)
    sampling.setTraceable('clerk', false)
    await request(() => runtime.call(from, 'ask', to))
    expect(names().filter((name) => name === 'otp.call clerk.ask')).toHaveLength(2)
  })

  test('may be a gen_statem, too', () => {
    const { sampling, spawn } = node()
    spawn(
      genStatem({
        name: 'door',
        traceable: false,
        init: () => nextState('open', 0),
        states: { open: { casts: { shut: (d: number) => keepState(d) } } },
      }),
    )
    expect(sampling.untraceable).toEqual(['door'])
  })
})

describe('the standard variables', () => {
  test.for([
    [{}, { isParentBased: true, ratio: 1 }],
    [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' },
      { isParentBased: false, ratio: 0.1 },
    ],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio' }, { isParentBased: true, ratio: 1 }],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, { isParentBased: true, ratio: 0 }],
    [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, { isParentBased: true, ratio: 1, problem: expect.stringContaining('jaeger_remote') }],
    [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '7' },
      { isParentBased: false, ratio: 1, problem: expect.stringContaining('=7') },
    ],
  ] as const)('%j say how requests are drawn', ([env, settings]) => {
    expect(samplerSettings(env)).toEqual(settings)
  })

  test('say how messages are batched; what is no number above 0 is passed over', () => {
    expect(
      batchingOf({
        OTEL_BSP_MAX_QUEUE_SIZE: '100',
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '50',
        OTEL_BSP_SCHEDULE_DELAY: '70',
        OTEL_BSP_EXPORT_TIMEOUT: 'soon',
      }),
    ).toEqual({ maxQueueSize: 100, maxExportBatchSize: 50, scheduledDelayMillis: 70, exportTimeoutMillis: 30_000 })
  })
})
