// Exit reasons on their way between nodes: whoever tells of an end must not fail, whatever the reason holds.
import { inWords } from '#base'
import { Crash, describeExit, type ExitReason, type NodeId } from '#process'
import type { Cluster } from './cluster.ts'
import { BadFrame } from './frame-check.ts'
import type { Frame } from './transport/transport.ts'

/** What a reason that no frame can hold is cut to. */
const SHORT = 1000

/** Sends a frame that ends with a reason. One that is no plain data, or too large, goes in words. */
export function sendReason(cluster: Cluster, to: NodeId, frame: Frame, reason: ExitReason): void {
  try {
    cluster.send(to, [...frame, reason])
  } catch {
    cluster.send(to, [...frame, inShort(reason)])
  }
}

function inShort(reason: ExitReason): ExitReason {
  if (typeof reason === 'string') return reason.slice(0, SHORT)
  if (!(reason instanceof Crash)) return { shutdown: inWords(reason.shutdown).slice(0, SHORT) }
  const error = new Error(describeExit(reason).slice(0, SHORT))
  error.stack = String(reason.error.stack).slice(0, SHORT)
  return new Crash(error)
}

/** The reason in a frame that came. */
export function exitReason(value: unknown): ExitReason {
  if (typeof value === 'string' || value instanceof Crash) return value
  if (typeof value === 'object' && value !== null && 'shutdown' in value) return { shutdown: value.shutdown }
  throw new BadFrame('expected an exit reason')
}
