// One structured record for every fact: levels by consequence, the ids of its span, no state and no content of messages.
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'
import { Crash, describeExit, type ExitReason, type Handlers } from '#otp-labs'
import { EVENTS, type Facts, type Level } from '#vocabulary'
import type { ExemplarLabels } from './metrics/families.ts'
import type { NodeIdentity } from './resource.ts'

/** Where and how much a node logs. */
export interface LoggerOptions {
  readonly node: NodeIdentity
  readonly level: string
  /** Standard output unless a test or a file wants the lines. */
  readonly destination?: DestinationStream | undefined
  /** The ids of the trace that runs now, for every line written inside one. */
  readonly traceIds?: () => ExemplarLabels | undefined
}

const SECRETS = ['secret', 'token', 'password', 'authorization', 'cookie']
const CENSOR = '[redacted]'
/** pino matches paths, not names: what is called so is struck out down to the third level. */
const PATHS = SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/** JSON lines; the node is on each of them, and so is the trace where there is one. */
export function createLogger({ node, level, destination, traceIds }: LoggerOptions): Logger {
  const options = {
    level,
    base: { node_name: node.name, node_id: node.id, version: node.version },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: PATHS, censor: CENSOR },
    mixin: () => traceIds?.() ?? {},
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** The reason as OTP prints it; of an error also its type and stack, since a crash is where one looks for them. */
function because(reason: ExitReason): object {
  if (!(reason instanceof Crash)) return { reason: describeExit(reason) }
  const { name, message, stack } = reason.error
  return { reason: describeExit(reason), exception: { type: name, message, stacktrace: stack } }
}

const TRACE = /^00-([0-9a-f]{32})-([0-9a-f]{16})-/

/** The ids on a carrier. */
export function idsOf(carrier: string | undefined): ExemplarLabels | undefined {
  const match = carrier === undefined ? null : TRACE.exec(carrier)
  return match === null ? undefined : { trace_id: match[1] as string, span_id: match[2] as string }
}

/** The subscriber's table. `spanOf` answers the span that was made of a fact. */
export function logsTable(parent: Logger, spanOf: (event: object) => ExemplarLabels | undefined): Required<Handlers<Facts>> {
  // Facts are flat and of known fields: striking out three levels deep would cost five times what the record costs.
  const logger = parent.child({}, { redact: { paths: SECRETS, censor: CENSOR } })
  /** Builds the record only if somebody reads that level; ids come from the fact's span, else from the trace it happened in. */
  const write = <K extends keyof Facts>(type: K, level: Level, event: Facts[K], fields: () => object) => {
    if (!logger.isLevelEnabled(level)) return
    const { trace } = event as { trace?: string }
    logger[level]({ ...fields(), event: type, ...(spanOf(event) ?? idsOf(trace)) }, EVENTS[type].says)
  }
  /** A fact that is logged as it is. */
  const plain =
    <K extends keyof Facts>(type: K, levelOf: (event: Facts[K]) => Level = () => EVENTS[type].levels[0]) =>
    (event: Facts[K]): void =>
      write(type, levelOf(event), event, () => {
        const { trace: _, reason, ...fields } = event as Facts[K] & { trace?: string; reason?: ExitReason }
        return reason === undefined ? fields : { ...fields, ...because(reason) }
      })

  return {
    'process.spawned': plain('process.spawned'),
    'process.spawn_failed': plain('process.spawn_failed', (event) => (event.class === 'already_started' ? 'debug' : 'warn')),
    'process.start_ignored': plain('process.start_ignored'),
    'process.exited': plain('process.exited', ({ class: kind }) => {
      if (kind === 'normal' || kind === 'shutdown') return 'debug'
      return kind === 'error' ? 'error' : 'warn'
    }),
    'process.dead_letter': plain('process.dead_letter', ({ reason }) => (reason === 'unhandled' ? 'warn' : 'debug')),
    'supervisor.started': plain('supervisor.started'),
    'supervisor.child_restarted': plain('supervisor.child_restarted'),
    'supervisor.restart_failed': plain('supervisor.restart_failed'),
    'supervisor.intensity_exceeded': plain('supervisor.intensity_exceeded'),
    'supervisor.stopped': plain('supervisor.stopped'),
    'application.started': plain('application.started'),
    'application.stopped': plain('application.stopped', ({ cause }) => (cause === 'ended' ? 'error' : 'info')),
    'cluster.member_changed': plain('cluster.member_changed', ({ change }) =>
      change === 'down' || change === 'suspect' ? 'warn' : 'info',
    ),
    'cluster.link_up': plain('cluster.link_up'),
    'cluster.link_down': plain('cluster.link_down'),
    'cluster.connect_failed': plain('cluster.connect_failed'),
    'cluster.handshake_refused': plain('cluster.handshake_refused'),
    'cluster.frame_refused': plain('cluster.frame_refused'),
    'cluster.certificates_refused': plain('cluster.certificates_refused'),
    'cluster.superseded': plain('cluster.superseded'),
    'cluster.paused': plain('cluster.paused'),
    'cluster.quorum_gained': plain('cluster.quorum_gained'),
    'cluster.quorum_lost': plain('cluster.quorum_lost'),
    'topology.peer_found': plain('topology.peer_found'),
    'topology.peer_lost': plain('topology.peer_lost'),
    'topology.peer_terminating': plain('topology.peer_terminating'),
    'topology.synced': plain('topology.synced'),
    'topology.failed': plain('topology.failed'),
    'topology.restarted': plain('topology.restarted'),
    // Other clusters may share a multicast group; whoever does not know the secret has no business there.
    'topology.refused': plain('topology.refused', ({ reason }) => (reason === 'cluster' ? 'info' : 'warn')),
    'registry.registered': plain('registry.registered'),
    'registry.unregistered': plain('registry.unregistered'),
    'registry.conflict': plain('registry.conflict'),
    'child.taken_over': plain('child.taken_over', ({ outcome }) => (outcome === 'failed' ? 'error' : 'warn')),
    'directory.joined': plain('directory.joined'),
    'directory.member_given_up': plain('directory.member_given_up'),
    'child.started': plain('child.started'),
    'child.ended': plain('child.ended'),
    'child.relocated': plain('child.relocated', ({ cause }) => (cause === 'redistribution' ? 'info' : 'warn')),
    'child.quarantined': plain('child.quarantined'),
    'child.released': plain('child.released'),
    'state.written': plain('state.written'),
    'state.write_failed': plain('state.write_failed', ({ outcome }) => (outcome === 'fenced' ? 'warn' : 'error')),
    'state.loaded': plain('state.loaded'),
    'handoff.started': plain('handoff.started'),
    'handoff.ended': plain('handoff.ended', ({ outcome }) => (outcome === 'completed' ? 'info' : 'warn')),
    'handoff.received': plain('handoff.received'),
    'observer.managed': plain('observer.managed', ({ outcome }) => (outcome === 'ok' ? 'warn' : 'info')),
    'http.request_completed': plain('http.request_completed', ({ status }) => (status >= 500 ? 'warn' : 'debug')),
    'node.started': plain('node.started'),
    'node.leaving': plain('node.leaving'),
    'node.stopped': plain('node.stopped'),
    'events.subscriber_detached': (fact) =>
      write('events.subscriber_detached', 'error', fact, () => ({ subscriber: fact.subscriber, heard: fact.event, error: fact.error })),
  } satisfies Required<Handlers<Facts>>
}
