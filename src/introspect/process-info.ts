// What is shown of a process, and the processes that matter most.
import type { Process, Runtime } from '#process'

export interface ProcessInfo {
  readonly pid: string
  readonly behaviour: string
  readonly supervisor: string | null
  readonly child: string | null
  readonly name: string | null
  readonly label: string | null
  readonly status: string
  /** Messages waiting, and messages handled in its life. */
  readonly mailbox: number
  readonly handled: number
  readonly ageMs: number
  readonly links: number
  /** The message being handled, or null. */
  readonly handling: string | null
}

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
    handled: process.handled,
    ageMs: process.runtime.clock.wall() - process.startedAt,
    links: process.linkCount,
    handling: current === undefined ? null : `${current.kind} ${current.name}`,
  }
}

/** The `limit` processes with the most messages waiting, then the busiest. One pass, and never more than `limit` are kept. */
export function topProcesses(runtime: Runtime, limit: number): ProcessInfo[] {
  const top: Process[] = []
  for (const process of runtime.processes()) {
    if (top.length === limit && compare(process, top[limit - 1] as Process) >= 0) continue
    top.splice(insertionPoint(top, process), 0, process)
    if (top.length > limit) top.pop()
  }
  return top.map(processInfo)
}

/** Negative if `a` comes first. */
function compare(a: Process, b: Process): number {
  return b.depth - a.depth || b.handled - a.handled || a.pid.serial - b.pid.serial
}

function insertionPoint(sorted: readonly Process[], process: Process): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(process, sorted[middle] as Process) < 0) high = middle
    else low = middle + 1
  }
  return low
}
