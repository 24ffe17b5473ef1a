// The spans of one handoff on the node that it leaves: one for each phase that there was, one after the other.
import type { Facts } from '#vocabulary'
import type { SpanRecorder } from './recorder.ts'

const PHASES = ['prepare', 'transfer', 'activate', 'forward'] as const

/** The last phase that there was says what went wrong, if something did. */
export function recordHandoff(spans: SpanRecorder, event: Facts['handoff.ended']): void {
  const { handoffId, name, behaviour, to, reason, outcome, bytes, forwarded, phases, trace } = event
  const present = PHASES.filter((phase) => phases[phase] !== undefined)
  let { startedAt } = event
  for (const phase of present) {
    const durationMs = phases[phase] ?? 0
    const isAdmitted = spans.limit(`otp.handoff.${phase}`).admits(to, startedAt)
    if (isAdmitted)
      spans.record(event, `otp.handoff.${phase}`, {
        startedAt,
        durationMs,
        attributes: {
          'otp.handoff.id': handoffId,
          'otp.name': name,
          'otp.behaviour': behaviour,
          'otp.node.to': to,
          'otp.handoff.reason': reason,
          'otp.outcome': outcome,
          ...(phase === 'prepare' || phase === 'transfer' ? { 'otp.handoff.bytes': bytes } : {}),
          ...(phase === 'forward' ? { 'otp.handoff.forwarded': forwarded } : {}),
        },
        within: trace,
        error: outcome !== 'completed' && phase === present.at(-1) ? outcome : undefined,
      })
    startedAt += durationMs
  }
}
