// What becomes of an arbiter's facts in traces: claims, leases that ended, and times without renewal.
import type { SpanContext } from '@opentelemetry/api'
import type { Handlers } from '#otp-labs'
import type { Facts } from '#vocabulary'
import type { SpanRecorder } from './recorder.ts'

type ArbiterFacts = Pick<Facts, Extract<keyof Facts, `arbiter.${string}`>>

/** Rows of the subscriber's table. `departure`: the change that took a node out of the cluster, if it made a span. */
export function arbiterRows(spans: SpanRecorder, departure: (node: string) => SpanContext | undefined) {
  const claimLimit = spans.limit('otp.arbiter.claim')
  return {
    'arbiter.lease_acquired': null,
    'arbiter.lease_renewed': null,
    'arbiter.lease_lost': (event) => {
      spans.record(event, 'otp.arbiter.lease_loss', {
        startedAt: event.at - event.ageMs,
        durationMs: event.ageMs,
        attributes: { 'otp.arbiter': event.arbiter, 'otp.arbiter.session': event.session, 'otp.arbiter.children': event.children },
        error: event.cause,
      })
    },
    'arbiter.lease_released': null,
    // Told with its end: as an outage, or as a lease that was lost.
    'arbiter.degraded': null,
    'arbiter.recovered': (event) => {
      spans.record(event, 'otp.arbiter.outage', {
        startedAt: event.at - event.forMs,
        durationMs: event.forMs,
        attributes: { 'otp.arbiter': event.arbiter },
      })
    },
    'arbiter.claimed': (event) => {
      const startedAt = event.at - event.durationMs
      if (!claimLimit.admits(event.arbiter, startedAt)) return
      spans.record(event, 'otp.arbiter.claim', {
        startedAt,
        durationMs: event.durationMs,
        attributes: {
          'otp.arbiter': event.arbiter,
          'otp.arbiter.op': event.op,
          'otp.name': event.name,
          'otp.outcome': event.outcome,
          'otp.epoch': event.epoch,
        },
        error: event.outcome === 'unavailable' ? event.outcome : undefined,
      })
    },
    'arbiter.session_ended': (event) => {
      spans.record(event, 'otp.arbiter.session_end', {
        startedAt: event.at,
        attributes: { 'otp.arbiter': event.arbiter, 'otp.member': event.node },
        links: { cause: departure(event.node) },
      })
    },
  } satisfies Required<Handlers<ArbiterFacts>>
}
