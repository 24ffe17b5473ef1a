// The spans that are made from facts: lives of processes, restarts, takeovers, members and names.
import type { SpanContext } from '@opentelemetry/api'
import { type Clock, type Handlers, systemClock } from '#otp-labs'
import type { Facts } from '#vocabulary'
import { arbiterRows } from './traces/arbiter.ts'
import { recordHandoff } from './traces/handoff.ts'
import { Recent } from './traces/recent.ts'
import { errorOf, type RecorderTracers, reasonName, SpanRecorder } from './traces/recorder.ts'
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

/** `burstLimit`: how many spans of a kind a supervisor and a second make before one stands for the rest; 100. */
export function createTraces(tracers: RecorderTracers, clock: Clock = systemClock, burstLimit?: number): Traces {
  const spans = new SpanRecorder(tracers, clock, burstLimit)
  /** By the serial of the process: where it died, how it was started. */
  const crashes = new Recent<number, SpanContext>()
  const spawns = new Recent<number, SpanContext>()
  /** By supervisor and child: when it was last started again. */
  const restarts = new Recent<string, SpanContext>()
  /** By node: the change that took it out of the cluster. */
  const departures = new Recent<string, SpanContext>(1000)
  const spawnLimit = spans.limit('otp.process.spawn')
  const failureLimit = spans.limit('otp.process.spawn_failure')
  const exitLimit = spans.limit('otp.process.exit')
  const crashLimit = spans.limit('otp.process.crash')
  const restartLimit = spans.limit('otp.supervisor.restart')
  const restartFailureLimit = spans.limit('otp.supervisor.restart_failure')
  const registerLimit = spans.limit('otp.registry.register')
  const unregisterLimit = spans.limit('otp.registry.unregister')
  const conflictLimit = spans.limit('otp.registry.conflict')
  const takeoverLimit = spans.limit('otp.child.takeover')
  const relocationLimit = spans.limit('otp.child.relocation')
  const receiveLimit = spans.limit('otp.handoff.receive')

  // In each row the limit comes first: what it holds back must cost next to nothing.
  const table = {
    'process.spawned': (event) => {
      if (!spawnLimit.admits(event.supervisor ?? event.behaviour, event.startedAt)) return
      const context = spans.record(event, 'otp.process.spawn', {
        ...event,
        attributes: { ...describe(event), 'otp.process.pid': `${event.pid}`, 'otp.spawn.cause': event.cause },
        within: event.trace,
      })
      if (context !== undefined && event.cause === 'restart') spawns.set(event.pid.serial, context)
    },
    'process.spawn_failed': (event) => {
      if (!failureLimit.admits(event.supervisor ?? event.behaviour, event.startedAt, event.reason)) return
      const reason = reasonName(event.reason)
      spans.record(event, 'otp.process.spawn_failure', {
        ...event,
        attributes: { ...describe(event), 'otp.spawn.cause': event.cause, 'otp.exit.reason': reason },
        error: event.class,
      })
    },
    'process.start_ignored': null,
    'process.exited': (event) => {
      const error = errorOf(event.reason)
      const limit = error === undefined ? exitLimit : crashLimit
      const isAdmitted = limit.admits(event.supervisor ?? event.behaviour, event.endedAt, event.reason)
      // Where it died is known without a span of its own, if the message was traced that it died of.
      const handling = error === undefined ? undefined : kept(event.trace)
      if (handling !== undefined) crashes.set(event.pid.serial, handling)
      if (!isAdmitted) return
      const reason = reasonName(event.reason)
      const attributes = {
        ...describe(event),
        'otp.process.pid': `${event.pid}`,
        'otp.exit.class': event.class,
        'otp.exit.reason': reason,
        'otp.handled': event.handled,
      }
      if (error === undefined) {
        spans.record(event, 'otp.process.exit', { startedAt: event.endedAt, attributes })
        return
      }
      const crash = spans.record(event, 'otp.process.crash', {
        startedAt: event.endedAt,
        attributes: { ...attributes, 'otp.handling': event.handling, 'otp.keep': true },
        within: event.trace,
        error,
      })
      if (handling === undefined && crash !== undefined) crashes.set(event.pid.serial, crash)
    },
    'process.dead_letter': null,
    'supervisor.started': null,
    'supervisor.child_restarted': (event) => {
      if (!restartLimit.admits(event.supervisor, event.startedAt, event.reason)) return
      const reason = event.reason === undefined ? undefined : reasonName(event.reason)
      const key = keyOf(event)
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
        // A sibling that was taken along is started again for the same crash.
        links: {
          crash: crashes.get(event.restartId.serial),
          previous_restart: restarts.get(key),
          spawn: spawns.get(event.newPid.serial),
        },
      })
      if (restart !== undefined) restarts.set(key, restart)
    },
    'supervisor.restart_failed': (event) => {
      if (!restartFailureLimit.admits(event.supervisor, event.at, event.reason)) return
      const reason = reasonName(event.reason)
      spans.record(event, 'otp.supervisor.restart_failure', {
        startedAt: event.at,
        attributes: { ...describe(event), 'otp.restart.id': `${event.restartId}`, 'otp.exit.reason': reason },
        error: reason,
      })
    },
    'supervisor.intensity_exceeded': (event) => {
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
        links: { crash: crashes.get(event.restartId.serial) ?? kept(event.trace), previous_restart: restarts.get(keyOf(event)) },
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
    'cluster.peer_answered': null,
    'cluster.connect_failed': null,
    'cluster.handshake_refused': null,
    'cluster.frame_refused': null,
    'cluster.certificates_refused': null,
    'cluster.secrets_refused': null,
    'cluster.superseded': null,
    'cluster.paused': null,
    'cluster.quorum_gained': null,
    'cluster.quorum_lost': null,
    ...arbiterRows(spans, (node) => departures.get(node)),
    'directory.member_given_up': null,
    'directory.replicated': null,
    'registry.refused': null,
    'topology.peer_found': null,
    'topology.peer_lost': null,
    'topology.peer_terminating': null,
    'topology.synced': null,
    'topology.failed': null,
    'topology.restarted': null,
    'topology.refused': null,
    'registry.registered': (event) => {
      if (!registerLimit.admits('registry', event.at)) return
      spans.record(event, 'otp.registry.register', {
        startedAt: event.at,
        attributes: { 'otp.name': event.name, 'otp.process.pid': `${event.pid}`, 'otp.epoch': event.epoch },
      })
    },
    'registry.unregistered': (event) => {
      if (!unregisterLimit.admits('registry', event.at)) return
      spans.record(event, 'otp.registry.unregister', {
        startedAt: event.at,
        attributes: { 'otp.name': event.name, 'otp.process.pid': `${event.pid}` },
      })
    },
    'registry.conflict': (event) => {
      if (!conflictLimit.admits('registry', event.at)) return
      spans.record(event, 'otp.registry.conflict', {
        startedAt: event.at,
        attributes: {
          'otp.name': event.name,
          'otp.process.pid': `${event.winner.pid}`,
          'otp.process.old_pid': `${event.loser.pid}`,
          'otp.outcome': event.resolution,
        },
      })
    },
    'child.taken_over': (event) => {
      if (!takeoverLimit.admits(event.from, event.startedAt)) return
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
      if (!relocationLimit.admits(event.from, event.at)) return
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
      if (!receiveLimit.admits(event.from, event.startedAt)) return
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
      })
    },
    'observer.managed': null,
    'http.request_completed': null,
    'node.started': null,
    'node.draining': null,
    'node.resumed': null,
    'node.drained': (event) => {
      spans.record(event, 'otp.node.drain', {
        ...event,
        attributes: {
          'otp.drain.leaving': event.isLeaving,
          'otp.drain.moved': event.moved,
          'otp.drain.restarted': event.restarted,
          'otp.drain.stopped': event.stopped,
          'otp.drain.gave_up': event.gaveUp,
          'otp.outcome': event.outcome,
        },
        error: event.gaveUp === 0 ? undefined : event.outcome,
      })
    },
    'node.leaving': null,
    'node.stopped': null,
    'events.subscriber_detached': null,
  } satisfies Required<Handlers<Facts>>

  return { table, spanOf: (event) => spans.spanOf(event), flush: () => spans.flush() }
}
