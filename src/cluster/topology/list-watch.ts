// Pure. List and watch of Kubernetes as a state machine: where to begin next, and how long to wait before.
import { retryDelay } from './retry-delay.ts'

/** What is to be done next: read the whole list, or watch from the version that was read last. `failures`: in a row. */
export type Task =
  | { readonly kind: 'list'; readonly failures: number }
  | { readonly kind: 'watch'; readonly version: string; readonly failures: number }

/** How a task ended. */
export type Ending =
  /** The list was read at this version. */
  | { readonly kind: 'listed'; readonly version: string }
  /** The server closed the watch in good order, its newest version being this. `isShort`: it said nothing and lasted under a second. */
  | { readonly kind: 'closed'; readonly version: string; readonly isShort: boolean }
  /** No or no good answer, or a connection that broke; of a watch with the newest version that came. */
  | { readonly kind: 'failed'; readonly version?: string; readonly retryAfterMs: number }
  /** The server does not know that version any more, or cannot go on from it. */
  | { readonly kind: 'gone' }

export interface Next {
  readonly task: Task
  readonly delayMs: number
  /** The watch broke and begins anew: where it ended, or with the whole list. */
  readonly restarted?: 'watch' | 'list'
}

export const FIRST_TASK: Task = { kind: 'list', failures: 0 }
/** A watch that fails so often in a row may fail because of its version. */
const WATCH_FAILURES = 3

/** Never stops: every ending has something next. `random` is in [0, 1). */
export function next(task: Task, ending: Ending, random: number): Next {
  switch (ending.kind) {
    case 'listed':
      return { task: { kind: 'watch', version: ending.version, failures: 0 }, delayMs: 0 }
    case 'closed':
      // A server that closes every watch at once is not asked without a pause.
      if (ending.isShort) return again({ kind: 'watch', version: ending.version, failures: task.failures }, random, 0)
      return { task: { kind: 'watch', version: ending.version, failures: 0 }, delayMs: 0 }
    case 'failed': {
      const hasGoneOn = task.kind === 'watch' && ending.version !== undefined && ending.version !== task.version
      return again(hasGoneOn ? { kind: 'watch', version: ending.version, failures: 0 } : task, random, ending.retryAfterMs)
    }
    case 'gone': {
      const failures = task.failures + 1
      const delayMs = failures === 1 ? 0 : retryDelay(failures, random)
      return { task: { kind: 'list', failures }, delayMs, restarted: 'list' }
    }
    default:
      return ending satisfies never
  }
}

function again(task: Task, random: number, retryAfterMs: number): Next {
  const failures = task.failures + 1
  const delayMs = retryDelay(failures, random, retryAfterMs)
  if (task.kind === 'list') return { task: { ...task, failures }, delayMs }
  if (failures >= WATCH_FAILURES) return { task: { kind: 'list', failures }, delayMs, restarted: 'list' }
  return { task: { ...task, failures }, delayMs, restarted: 'watch' }
}
