// One structured record for every fact: levels by consequence, the ids of its span, no state and no content of messages.
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'
import { type Clock, CodedError, Crash, describeExit, type ExitReason, type Handlers, systemClock } from '#otp-labs'
import { EVENTS, type Facts, type Level } from '#vocabulary'
import { StormGate } from './logs/storm-gate.ts'
import type { ExemplarLabels } from './metrics/cells.ts'
import type { NodeIdentity } from './resource.ts'

/** Where and how much a node logs. */
export interface LoggerOptions {
  readonly node: NodeIdentity
  readonly level: string
  /** Standard output unless a test or a file wants the lines. */
  readonly destination?: DestinationStream | undefined
  /** The ids of the trace that runs now, for every line written inside one. */
  readonly traceIds?: () => ExemplarLabels | undefined
  /** Gets each line after it was written. */
  readonly afterwards?: ((line: string) => void) | undefined
}

/** Standard output can be flushed; a destination of one's own need not. */
interface Destination extends DestinationStream {
  flush?(done?: (error?: Error) => void): void
}

/** What is called so is never written: what proves who one is, and what a process or a message holds. */
export const REDACTED = [
  ...['secret', 'token', 'password', 'passphrase', 'authorization', 'cookie', 'set-cookie', 'apiKey', 'privateKey', 'credentials'],
  ...['state', 'payload', 'body'],
] as const
const CENSOR = '[redacted]'
const TOP = REDACTED.map((name) => `["${name}"]`)
/** pino matches paths, not names: what is called so is struck out down to the third level. */
const PATHS = TOP.flatMap((name) => [name, `*${name}`, `*.*${name}`])

/** In a storm the first records of a kind under one supervisor tell all there is to tell. */
const BURST = { limit: 20, windowMs: 10_000 } as const

/** What may be changed while a node runs. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** How much is logged, to be read and set at run time. */
export interface LogControls {
  readonly level: LogLevel
  /** Takes effect with the next record, everywhere. Throws `ERR_OTP_TELEMETRY_LOG_LEVEL` for what is no level. */
  setLevel(level: LogLevel): void
}

/** The level of a node's logger and of all that follow it. */
export function logControls(logger: Logger): LogControls {
  return {
    get level() {
      return logger.level as LogLevel
    },
    setLevel(level) {
      if (!LOG_LEVELS.includes(level)) {
        throw new CodedError('ERR_OTP_TELEMETRY_LOG_LEVEL', `expected a level of ${LOG_LEVELS.join(', ')}; got ${JSON.stringify(level)}`)
      }
      logger.level = level
    },
  }
}

/** JSON lines; the node is on each of them, and so is the trace where there is one. */
export function createLogger({ node, level, destination, traceIds, afterwards }: LoggerOptions): Logger {
  const options = {
    level,
    base: { node_name: node.name, node_id: node.id, version: node.version },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: PATHS, censor: CENSOR },
    mixin: () => traceIds?.() ?? {},
  }
  if (afterwards !== undefined) return pino(options, writesFirst(destination ?? pino.destination(), afterwards))
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** The line as it was written is what others get: what is struck out in the one is struck out for the others. */
function writesFirst(destination: Destination, afterwards: (line: string) => void): Destination {
  return {
    write(line) {
      destination.write(line)
      afterwards(line)
    },
    flush: (done) => (destination.flush === undefined ? done?.() : destination.flush(done)),
  }
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

/** What the log of facts is made with. */
export interface LogOptions {
  /** The span that was made of a fact. */
  readonly spanOf?: (event: object) => ExemplarLabels | undefined
  readonly clock?: Clock
  /** Records of a kind and supervisor in ten seconds; the rest is counted. Default 20. */
  readonly burst?: number
}

/** A log of facts. */
export interface Logs {
  readonly table: Required<Handlers<Facts>>
  /** Tells of what is held back now, before the end. */
  flush(): void
}

/** Where the records of a storm are counted together, and what for. */
interface Occasion {
  readonly supervisor?: string | undefined
  readonly reason?: ExitReason | undefined
}

/** Of each fact one record; in a storm, of the first of a kind under one supervisor, and then one that counts the others. */
export function createLogs(parent: Logger, { spanOf = () => undefined, clock = systemClock, burst = BURST.limit }: LogOptions = {}): Logs {
  // Facts are flat and of known fields: striking out three levels deep would cost five times what the record costs.
  // The parent's level decides, also when it is changed: a child would keep the one that it was born with.
  const logger = parent.child({}, { level: 'trace', redact: { paths: TOP, censor: CENSOR } })
  const gate = new StormGate(clock, { ...BURST, limit: burst }, ({ supervisor, first, last, ...held }) => {
    if (!parent.isLevelEnabled('warn')) return
    const where = supervisor === '' ? {} : { supervisor }
    const times = { first: new Date(first).toISOString(), last: new Date(last).toISOString() }
    logger.warn({ event: 'telemetry.logs_held_back', ...held, ...where, ...times }, 'records held back in a storm')
  })
  /** Who asks for `debug` asks for all of it. */
  const isHeldBack = (type: keyof Facts, level: Level, { supervisor = '', reason }: Occasion): boolean =>
    level !== 'debug' && !gate.admits(type, supervisor, () => (reason === undefined ? undefined : describeExit(reason)))
  /** Builds the record only if somebody reads that level; ids come from the fact's span, else from the trace it happened in. */
  const write = <K extends keyof Facts>(type: K, level: Level, event: Facts[K], fields: () => object) => {
    if (!parent.isLevelEnabled(level) || isHeldBack(type, level, event as Occasion)) return
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

  const table = {
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
    'cluster.peer_answered': plain('cluster.peer_answered'),
    'directory.replicated': plain('directory.replicated'),
    'cluster.connect_failed': plain('cluster.connect_failed'),
    'cluster.handshake_refused': plain('cluster.handshake_refused'),
    'cluster.frame_refused': plain('cluster.frame_refused'),
    'cluster.certificates_refused': plain('cluster.certificates_refused'),
    'cluster.secrets_refused': plain('cluster.secrets_refused'),
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
    'registry.refused': plain('registry.refused'),
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
    'arbiter.lease_acquired': plain('arbiter.lease_acquired'),
    'arbiter.lease_renewed': plain('arbiter.lease_renewed'),
    'arbiter.lease_lost': plain('arbiter.lease_lost'),
    'arbiter.lease_released': plain('arbiter.lease_released'),
    'arbiter.degraded': plain('arbiter.degraded'),
    'arbiter.recovered': plain('arbiter.recovered'),
    'arbiter.claimed': plain('arbiter.claimed', ({ outcome }) => (outcome === 'unavailable' ? 'warn' : 'debug')),
    'arbiter.session_ended': plain('arbiter.session_ended'),
    'handoff.started': plain('handoff.started'),
    'handoff.ended': plain('handoff.ended', ({ outcome }) => (outcome === 'completed' ? 'info' : 'warn')),
    'handoff.received': plain('handoff.received'),
    'observer.managed': plain('observer.managed', ({ outcome }) => (outcome === 'ok' ? 'warn' : 'info')),
    'http.request_completed': plain('http.request_completed', ({ status }) => (status >= 500 ? 'warn' : 'debug')),
    'node.started': plain('node.started'),
    'node.draining': plain('node.draining'),
    'node.resumed': plain('node.resumed'),
    'node.drained': plain('node.drained', ({ gaveUp }) => (gaveUp === 0 ? 'info' : 'warn')),
    'node.leaving': plain('node.leaving'),
    'node.stopped': plain('node.stopped'),
    'events.subscriber_detached': (fact) =>
      write('events.subscriber_detached', 'error', fact, () => ({ subscriber: fact.subscriber, heard: fact.event, error: fact.error })),
  } satisfies Required<Handlers<Facts>>
  return { table, flush: () => gate.flush() }
}
