// The spans that are made from facts: lives of processes, restarts, takeovers, members and names.
import type { SpanContext } from '@opentelemetry/api'
import { type Clock, type Handlers, systemClock } from '#otp-labs'
import type { Facts } from '#vocabulary'
import type { TraceSdk } from './sdk.ts'
import { recordHandoff } from './traces/handoff.ts'
import { Recent } from './traces/recent.ts'
import { errorOf, reasonName, SpanRecorder } from './traces/recorder.ts'
import { fromCarrier, isSampled } from './traces/traceparent.ts'

interface Child {
  readonly supervisor: string | undefined
  readonly child: string | undefined
}

const keyOf = ({ supervisor, child }: Child): string => `${supervisor} ${child}`
const describe = ({ supervisor, child, behaviour }: Child & { readonly behaviour: string }) => ({
  'otp.behaviour': behaviour,
  'otp.supervisor': supervisor,
  'otp.child': child,
})

/** The span of a carrier, if it is kept. */
function kept(carrier: string | undefined): SpanContext | undefined {
  const context = fromCarrier(carrier)
  return isSampled(context) ? context : undefined
}

/** The subscriber's table, the spans it made, and an end to what bursts hold back. */
export interface Traces {
  readonly table: Required<Handlers<Facts>>
  spanOf(event: object): SpanContext | undefined
  flush(): void
}

export function createTraces(tracers: Pick<TraceSdk, 'lifecycle' | 'cluster'>, clock: Clock = systemClock): Traces {
  const spans = new SpanRecorder(tracers, clock)
  /** By supervisor and child: where it died, when it was last started again, its newest start. */
  const crashes = new Recent<SpanContext>()
  const restarts = new Recent<SpanContext>()
  const spawns = new Recent<SpanContext>()
  /** By node: the change that took it out of the cluster. */
  const departures = new Recent<SpanContext>(1000)

  const table = {
    'process.spawned': (event) => {
      const context = spans.record(event, 'otp.process.spawn', {
        ...event,
        attributes: { ...describe(event), 'otp.process.pid': `${event.pid}`, 'otp.spawn.cause': event.cause },
        within: event.trace,
        burst: { under: event.supervisor ?? event.behaviour },
      })
      if (context !== undefined && event.cause === 'restart') spawns.set(keyOf(event), context)
    },
    'process.spawn_failed': (event) => {
      spans.record(event, 'otp.process.spawn_failure', {
        ...event,
        attributes: { ...describe(event), 'otp.spawn.cause': event.cause, 'otp.exit.reason': reasonName(event.reason) },
        error: event.class,
        burst: { under: event.supervisor ?? event.behaviour, reason: reasonName(event.reason) },
      })
    },
    'process.start_ignored': null,
    'process.exited': (event) => {
      const reason = reasonName(event.reason)
      const facts = {
        startedAt: event.endedAt,
        attributes: {
          ...describe(event),
          'otp.process.pid': `${event.pid}`,
          'otp.exit.class': event.class,
          'otp.exit.reason': reason,
          'otp.handled': event.handled,
        },
        burst: { under: event.supervisor ?? event.behaviour, reason },
      }
      const error = errorOf(event.reason)
      if (error === undefined) {
        spans.record(event, 'otp.process.exit', facts)
        crashes.delete(keyOf(event))
        return
      }
      const crash = spans.record(event, 'otp.process.crash', {
        ...facts,
        attributes: { ...facts.attributes, 'otp.handling': event.handling, 'otp.keep': true },
        within: event.trace,
        error,
      })
      const handling = kept(event.trace) ?? crash
      if (handling !== undefined && event.supervisor !== undefined) crashes.set(keyOf(event), handling)
    },
    'process.dead_letter': null,
    'supervisor.started': null,
    'supervisor.child_restarted': (event) => {
      const key = keyOf(event)
      const reason = event.reason === undefined ? undefined : reasonName(event.reason)
      const restart = spans.record(event, 'otp.supervisor.restart', {
        ...event,
        attributes: {
          ...describe(event),
          'otp.process.pid': `${event.newPid}`,
          'otp.process.old_pid': event.oldPid?.toString(),
          'otp.restart.id': `${event.restartId}`,
          'otp.restart.cause': event.cause,
          'otp.restart.budget_used': event.budgetUsed,
          'otp.exit.reason': reason,
        },
        links: { crash: crashes.get(key), previous_restart: restarts.get(key), spawn: spawns.get(key) },
        burst: { under: event.supervisor, reason },
      })
      crashes.delete(key)
      spawns.delete(key)
      if (restart !== undefined) restarts.set(key, restart)
    },
    'supervisor.restart_failed': (event) => {
      spans.record(event, 'otp.supervisor.restart_failure', {
        startedAt: event.at,
        attributes: { ...describe(event), 'otp.restart.id': `${event.restartId}`, 'otp.exit.reason': reasonName(event.reason) },
        error: reasonName(event.reason),
        burst: { under: event.supervisor, reason: reasonName(event.reason) },
      })
    },
    'supervisor.intensity_exceeded': (event) => {
      const key = keyOf(event)
      spans.record(event, 'otp.supervisor.intensity_exceeded', {
        startedAt: event.at,
        attributes: {
          'otp.supervisor': event.supervisor,
          'otp.child': event.child,
          'otp.process.pid': `${event.pid}`,
          'otp.restart.id': `${event.restartId}`,
          'otp.restart.max': event.maxRestarts,
          'otp.restart.period_ms': event.periodMs,
          'otp.exit.reason': reasonName(event.reason),
          'otp.keep': true,
        },
        links: { crash: crashes.get(key) ?? kept(event.trace), previous_restart: restarts.get(key) },
        error: reasonName(event.reason),
      })
    },
    'supervisor.stopped': null,
    'application.started': (event) => {
      spans.record(event, 'otp.application.start', {
        ...event,
        attributes: {
          'otp.application': event.application,
          'otp.application.restart': event.restart,
          'otp.process.pid': `${event.pid}`,
        },
      })
    },
    'application.stopped': (event) => {
      const reason = reasonName(event.reason)
      spans.record(event, 'otp.application.stop', {
        startedAt: event.at,
        attributes: {
          'otp.application': event.application,
          'otp.application.restart': event.restart,
          'otp.outcome': event.cause,
          'otp.exit.reason': reason,
        },
        error: event.cause === 'ended' ? reason : undefined,
      })
    },
    'cluster.member_changed': (event) => {
      const incarnation = event.member.slice(event.name.length + 1)
      const context = spans.record(event, 'otp.cluster.member_change', {
        startedAt: event.at - event.silentMs,
        durationMs: event.silentMs,
        attributes: {
          'otp.member': event.member,
          'otp.change': event.change,
          'otp.change.id': `${event.name}#${incarnation}:${event.change}`,
          'otp.change.cause': event.cause,
          'otp.silent_ms': event.silentMs,
        },
        links: { cause: kept(event.trace) },
      })
      if (context !== undefined && (event.change === 'down' || event.change === 'leave')) departures.set(event.member, context)
    },
    'cluster.link_up': null,
    'cluster.link_down': null,
    'cluster.connect_failed': null,
    'cluster.handshake_refused': null,
    'cluster.frame_refused': null,
    'cluster.certificates_refused': null,
    'cluster.superseded': null,
    'cluster.paused': null,
    'cluster.quorum_gained': null,
    'cluster.quorum_lost': null,
    'directory.member_given_up': null,
    'topology.peer_found': null,
    'topology.peer_lost': null,
    'topology.peer_terminating': null,
    'topology.synced': null,
    'topology.failed': null,
    'topology.restarted': null,
    'topology.refused': null,
    'registry.registered': (event) => {
      spans.record(event, 'otp.registry.register', {
        startedAt: event.at,
        attributes: { 'otp.name': event.name, 'otp.process.pid': `${event.pid}`, 'otp.epoch': event.epoch },
        burst: { under: 'registry' },
      })
    },
    'registry.unregistered': (event) => {
      spans.record(event, 'otp.registry.unregister', {
        startedAt: event.at,
        attributes: { 'otp.name': event.name, 'otp.process.pid': `${event.pid}` },
        burst: { under: 'registry' },
      })
    },
    'registry.conflict': (event) => {
      spans.record(event, 'otp.registry.conflict', {
        startedAt: event.at,
        attributes: {
          'otp.name': event.name,
          'otp.process.pid': `${event.winner.pid}`,
          'otp.process.old_pid': `${event.loser.pid}`,
          'otp.outcome': event.resolution,
        },
        burst: { under: 'registry' },
      })
    },
    'child.taken_over': (event) => {
      spans.record(event, 'otp.child.takeover', {
        ...event,
        attributes: {
          'otp.name': event.name,
          'otp.behaviour': event.behaviour,
          'otp.node.from': event.from,
          'otp.process.pid': event.pid === undefined ? undefined : `${event.pid}`,
          'otp.epoch': event.epoch,
          'otp.outcome': event.outcome,
        },
        links: { cause: departures.get(event.from) },
        error: event.outcome === 'failed' ? event.outcome : undefined,
        burst: { under: event.from },
      })
    },
    'directory.joined': (event) => {
      const { durationMs, records } = event
      spans.record(event, 'otp.directory.join', {
        startedAt: event.at - durationMs,
        durationMs,
        attributes: { 'otp.records': records, 'otp.node.from': event.via },
      })
    },
    'child.started': null,
    'child.ended': null,
    'child.relocated': (event) => {
      spans.record(event, 'otp.child.relocation', {
        startedAt: event.at,
        attributes: {
          'otp.name': event.name,
          'otp.behaviour': event.behaviour,
          'otp.node.from': event.from,
          'otp.node.to': event.to,
          'otp.relocation.cause': event.cause,
          'otp.attempts': event.attempts,
          'otp.epoch': event.epoch,
          'otp.exit.reason': reasonName(event.reason),
        },
        error: event.cause === 'redistribution' ? undefined : reasonName(event.reason),
        burst: { under: event.from },
      })
    },
    'child.quarantined': (event) => {
      spans.record(event, 'otp.child.quarantine', {
        startedAt: event.at,
        attributes: {
          'otp.name': event.name,
          'otp.behaviour': event.behaviour,
          'otp.attempts': event.attempts,
          'otp.epoch': event.epoch,
          'otp.exit.reason': reasonName(event.reason),
        },
        error: reasonName(event.reason),
      })
    },
    'child.released': (event) => {
      spans.record(event, 'otp.child.release', {
        startedAt: event.at,
        attributes: { 'otp.name': event.name, 'otp.behaviour': event.behaviour, 'otp.node.to': event.to, 'otp.epoch': event.epoch },
      })
    },
    // Part of the message that is answered after it.
    'state.written': null,
    'state.write_failed': null,
    'state.loaded': null,
    'handoff.started': null,
    'handoff.ended': (event) => recordHandoff(spans, event),
    'handoff.received': (event) => {
      spans.record(event, 'otp.handoff.receive', {
        ...event,
        attributes: {
          'otp.handoff.id': event.handoffId,
          'otp.name': event.name,
          'otp.behaviour': event.behaviour,
          'otp.node.from': event.from,
          'otp.process.pid': `${event.pid}`,
          'otp.epoch': event.epoch,
          'otp.handoff.bytes': event.bytes,
        },
        within: event.trace,
        burst: { under: event.from },
      })
    },
    'observer.managed': null,
    'http.request_completed': null,
    'node.started': null,
    'node.leaving': null,
    'node.stopped': null,
    'events.subscriber_detached': null,
  } satisfies Required<Handlers<Facts>>

  return { table, spanOf: (event) => spans.spanOf(event), flush: () => spans.flush() }
}
