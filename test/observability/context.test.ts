// How a trace follows messages through mailboxes and between nodes.
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'
import { createTracing } from '#observability/context.ts'
import { EventStream, systemClock } from '#otp-labs'
import { type Body, type ProcessEvents, Runtime } from '#process'
import { settled } from '#test/support/fake-clock.ts'
import { linksOf, memoryTracers } from './support/spans.ts'

const node = (options?: { sampled: boolean }) => {
  const tracers = memoryTracers(options)
  return { ...tracers, tracing: createTracing(tracers) }
}

/** A request on `a` that calls `bid` on `b`, as the runtime does it. */
function bid(a: ReturnType<typeof node>, b: ReturnType<typeof node>, handle: () => unknown = () => 'accepted') {
  let call: ReturnType<typeof a.tracing.send>
  const request = a.tracing.serve('POST /lots/:lot/bids', undefined, { 'http.request.method': 'POST' }, () => {
    call = a.tracing.send('call', 'lot', 'bid')
  })
  const result = call?.carrier === undefined ? undefined : b.tracing.receive(call.carrier, 'call', 'lot', 'bid', 4, handle)
  call?.end('ok')
  request.end('ok')
  return { request, call, result }
}

describe('a call', () => {
  test('over two nodes is one trace: the request, the caller’s span, and the callee’s as its child', () => {
    const [a, b] = [node(), node()]
    const { request, result } = bid(a, b)
    expect(result).toBe('accepted')
    const [client] = a.named('otp.call lot.bid')
    const [served] = a.named('POST /lots/:lot/bids')
    const [server] = b.named('otp.call lot.bid')
    expect([served?.kind, client?.kind, server?.kind]).toEqual([SpanKind.SERVER, SpanKind.CLIENT, SpanKind.SERVER])
    expect(new Set([served, client, server].map((span) => span?.spanContext().traceId)).size).toBe(1)
    expect(client?.parentSpanContext?.spanId).toBe(served?.spanContext().spanId)
    expect(server?.parentSpanContext?.spanId).toBe(client?.spanContext().spanId)
    expect(request.carrier).toContain(served?.spanContext().traceId)
    expect(served?.attributes).toEqual({ 'http.request.method': 'POST' })
  })

  test('says how long it waited in the mailbox, as an attribute and as an event, and never what it carried', () => {
    const [a, b] = [node(), node()]
    bid(a, b)
    const [server] = b.spans()
    expect(server?.attributes).toEqual({
      'otp.behaviour': 'lot',
      'otp.message': 'bid',
      'otp.message.kind': 'call',
      'otp.mailbox.wait_ms': 4,
    })
    expect(server?.events.map(({ name }) => name)).toEqual(['otp.mailbox.taken'])
    const ms = ([seconds, nanos]: readonly [number, number]) => seconds * 1000 + nanos / 1e6
    expect(ms(server?.events[0]?.time as [number, number]) - ms(server?.startTime as [number, number])).toBeCloseTo(4, 1)
  })

  test('ends its span with what the handler’s promise comes to', async () => {
    const [a, b] = [node(), node()]
    let settle: (value: string) => void = () => {}
    const { result } = bid(
      a,
      b,
      () =>
        new Promise((resolve) => {
          settle = resolve
        }),
    )
    expect(b.spans()).toEqual([])
    settle('accepted')
    expect(await result).toBe('accepted')
    expect(b.spans()).toHaveLength(1)
  })

  test('that fails says the error’s name, not its message', async () => {
    const [a, b] = [node(), node()]
    expect(() =>
      bid(a, b, () => {
        throw new TypeError('lot 7 of Ada')
      }),
    ).toThrow('lot 7')
    await expect(
      bid(a, b, async () => {
        throw new RangeError('x')
      }).result,
    ).rejects.toThrow('x')
    const errors = b.spans().map(({ attributes, status }) => [attributes['error.type'], status])
    expect(errors).toEqual(['TypeError', 'RangeError'].map((name) => [name, { code: SpanStatusCode.ERROR }]))
  })

  test('that the caller gives up says so on the caller’s span', () => {
    const a = node()
    a.tracing.serve('GET /', undefined, {}, () => a.tracing.send('call', 'lot', 'bid')?.end('timeout'))
    expect(a.spans()[0]?.attributes['error.type']).toBe('timeout')
  })

  test('made while another is handled is its child', () => {
    const [a, b] = [node(), node()]
    bid(a, b, () => b.tracing.send('call', 'bank', 'hold')?.end('ok'))
    const [hold] = b.named('otp.call bank.hold')
    expect(hold?.parentSpanContext?.spanId).toBe(b.named('otp.call lot.bid')[0]?.spanContext().spanId)
  })
})

test('a cast is a producer and a consumer: the consumer’s trace is its own and links to the producer', () => {
  const a = node()
  let carrier = ''
  const request = a.tracing.serve('POST /', undefined, {}, () => {
    const span = a.tracing.send('cast', 'lot', 'touch')
    carrier = span?.carrier ?? ''
    span?.end('ok')
  })
  request.end('ok')
  a.tracing.receive(carrier, 'cast', 'lot', 'touch', 0, () => {})
  const [producer, consumer] = a.named('otp.cast lot.touch')
  expect([producer?.kind, consumer?.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER])
  expect(consumer?.parentSpanContext).toBeUndefined()
  expect(consumer?.spanContext().traceId).not.toBe(producer?.spanContext().traceId)
  expect(linksOf(consumer)).toEqual({ producer: producer?.spanContext().spanId })
})

describe('what is not kept', () => {
  test('carries nothing and makes no span', () => {
    const a = node({ sampled: false })
    const { request, call } = bid(a, a)
    expect([request.carrier, call]).toEqual([undefined, undefined])
    expect(a.spans()).toEqual([])
  })

  test('is every message outside of a trace', () => {
    const { tracing, spans } = node()
    expect(tracing.send('cast', 'lot', 'tick')).toBeUndefined()
    expect(tracing.current()).toBeUndefined()
    expect(spans()).toEqual([])
  })

  test('is a carrier that is no traceparent, or one that says it is not sampled', () => {
    const { tracing, spans } = node()
    for (const carrier of ['', 'nonsense', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`]) {
      expect(tracing.receive(carrier, 'call', 'lot', 'bid', 0, () => tracing.current())).toBeUndefined()
    }
    expect(spans()).toEqual([])
  })
})

describe('a trace does not leak', () => {
  test('into the handling of a message that came without one', () => {
    const { tracing } = node()
    tracing.serve('GET /', undefined, {}, () => {
      expect(tracing.current()).toBeDefined()
      expect(tracing.receive('', 'info', 'lot', 'tick', 0, () => tracing.current())).toBeUndefined()
    })
  })

  test('into a loop that a request starts, if the loop begins detached', async () => {
    const { tracing } = node()
    const seen: (string | undefined)[] = []
    await new Promise<void>((resolve) => {
      tracing.serve('GET /', undefined, {}, () => {
        tracing.detached(() =>
          queueMicrotask(() => {
            seen.push(tracing.current())
            resolve()
          }),
        )
      })
    })
    expect(seen).toEqual([undefined])
    expect(tracing.current()).toBeUndefined()
  })

  test('into messages of others that the same drain handles', async () => {
    const { tracing, ...tracers } = node()
    const runtime = new Runtime({ id: 'n1.a', clock: systemClock, events: new EventStream<ProcessEvents>(), tracing })
    const seen: Record<string, string | undefined> = {}
    const body: Body = {
      name: 'lot',
      init: () => {},
      receive: (_self, envelope) => {
        seen[envelope.name] = tracing.current()
      },
    }
    const started = await runtime.spawn(body, undefined, { cause: 'call' })
    if (!started.ok) throw new Error('the process did not start')
    tracing.serve('GET /', undefined, {}, () => runtime.send(started.pid, 'cast', 'traced', undefined))
    runtime.send(started.pid, 'cast', 'untraced', undefined)
    await settled()
    expect(seen.traced).toBeDefined()
    expect(tracers.named('otp.cast lot.traced')).toHaveLength(2)
    expect(seen.untraced).toBeUndefined()
  })

  test('out of a handler: what runs after it is where it was', () => {
    const [a, b] = [node(), node()]
    bid(a, b)
    expect(a.tracing.current()).toBeUndefined()
    expect(b.tracing.current()).toBeUndefined()
  })
})

test('a request that names a trace goes on in it', () => {
  const { tracing, spans } = node()
  const carrier = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
  tracing.serve('GET /', carrier, {}, () => {}).end('500')
  expect(spans()[0]?.spanContext().traceId).toBe('a'.repeat(32))
  expect(spans()[0]?.parentSpanContext?.spanId).toBe('b'.repeat(16))
  expect(spans()[0]?.attributes).toEqual({ 'error.type': '500' })
})

test('a story of two nodes begins a trace of its own, kept whatever runs now, and its carrier names it', () => {
  const a = node({ sampled: false })
  let carrier: string | undefined
  a.tracing.serve('GET /', undefined, {}, () => {
    const story = a.tracing.begin('handoff', 'n1.a/1')
    ;({ carrier } = story)
    story.end('refused')
  })
  const [span] = a.named('otp.handoff')
  expect(span?.parentSpanContext).toBeUndefined()
  expect(span?.attributes).toMatchObject({ 'otp.handoff.id': 'n1.a/1', 'error.type': 'refused' })
  expect(carrier).toContain(span?.spanContext().spanId)
})
