// What is shown of a process, and the processes that matter most.
import { CodedError } from '#base'
import type { Envelope, Pid, Process, RecordedMessage, Runtime, Target } from '#process'

/** A row of a list of processes: what OTP's `process_info` says, as far as it costs next to nothing. */
export interface ProcessInfo {
  readonly pid: string
  readonly behaviour: string
  readonly supervisor: string | null
  readonly child: string | null
  readonly name: string | null
  readonly label: string | null
  readonly status: Process['status']
  /** Messages waiting, and how long the oldest of them has waited. */
  readonly mailbox: number
  readonly oldestMs: number
  /** Messages handled in its life. */
  readonly handled: number
  readonly ageMs: number
  /** How many processes it is linked with, monitors, and is monitored by. */
  readonly links: number
  readonly monitors: number
  readonly monitoredBy: number
  readonly trapExit: boolean
  /** The message being handled, or null, and for how long. */
  readonly handling: string | null
  readonly handlingMs: number
}

/** One process from near: whom it is tied to (`LISTED` of each kind at most), what waits for it, and what it took up last. */
export interface ProcessDetails extends ProcessInfo {
  readonly parent: string | null
  readonly linkedWith: readonly string[]
  readonly monitoring: readonly string[]
  readonly monitoredByPids: readonly string[]
  /** The kinds and names of the messages that are next; never what they hold. */
  readonly messages: readonly string[]
  readonly flight: readonly RecordedMessage[]
}

const LISTED = 100

export function processInfo(process: Process): ProcessInfo {
  const { origin, current } = process
  return {
    pid: process.pid.toString(),
    behaviour: process.body.name,
    supervisor: origin.supervisor ?? null,
    child: origin.child ?? null,
    name: process.registeredName ?? null,
    label: process.label ?? null,
    status: process.status,
    mailbox: process.depth,
    oldestMs: process.oldestMs,
    handled: process.handled,
    ageMs: Math.round(process.runtime.clock.now() - process.startedMono),
    links: process.linkCount,
    monitors: process.monitorCount,
    monitoredBy: process.monitoredByCount,
    trapExit: process.trapExit,
    handling: current === undefined ? null : inShort(current),
    handlingMs: process.handlingMs,
  }
}

/** OTP's `process_info`: `undefined` for a process that has ended; one of another node is `ERR_OTP_PROCESS_NOT_LOCAL`, as `badarg` there. */
export function processDetails(runtime: Runtime, pid: Pid): ProcessDetails | undefined {
  if (pid.node !== runtime.id) {
    throw new CodedError('ERR_OTP_PROCESS_NOT_LOCAL', `expected a process of ${runtime.id}, got ${pid}: ask on its own node`)
  }
  const process = runtime.lookup(pid)
  if (process === undefined) return undefined
  return {
    ...processInfo(process),
    parent: process.origin.parent?.pid.toString() ?? null,
    linkedWith: listed(process.linkedPids()),
    monitoring: listed(process.monitored()),
    monitoredByPids: listed(process.monitoringPids()),
    messages: process.waiting(LISTED).map(inShort),
    flight: process.flight() ?? [],
  }
}

const inShort = ({ kind, name }: Envelope) => `${kind} ${name}`
const listed = (pids: readonly Target[]) => pids.slice(0, LISTED).map(String)
