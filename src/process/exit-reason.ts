// Why a process ended: OTP's exit reasons as values, their classes, and how they read.
import { inWords } from '#base'

/** The reason of a process that ended because something it ran threw. The error is kept as it was thrown; its stack is rendered only if somebody asks. */
export class Crash {
  readonly error: Error

  constructor(thrown: unknown) {
    this.error = thrown instanceof Error ? thrown : new Error(`thrown: ${inWords(thrown)}`)
  }

  toJSON(): { error: string; message: string; stack: string | undefined } {
    return { error: this.error.name, message: this.error.message, stack: this.error.stack }
  }
}

/**
 * Any string is a reason; these mean what they mean in OTP: `normal`, `shutdown`, `kill` (as a signal: cannot be
 * trapped), `killed` (what links see of it), `noproc`, `noconnection`, `timeout`. `{ shutdown: term }` is an orderly end that says more.
 */
export type ExitReason = string | { readonly shutdown: unknown } | Crash

/** The bounded set under which ends are counted. */
export type ExitClass = 'normal' | 'shutdown' | 'error' | 'killed' | 'noproc' | 'noconnection' | 'timeout'

const CLASSES: ReadonlySet<string> = new Set(['normal', 'shutdown', 'killed', 'noproc', 'noconnection', 'timeout'])

export function exitClass(reason: ExitReason): ExitClass {
  if (typeof reason === 'string') return CLASSES.has(reason) ? (reason as ExitClass) : 'error'
  return reason instanceof Crash ? 'error' : 'shutdown'
}

/** Whether a `transient` child that ended so is left alone: `normal`, `shutdown` and `{ shutdown: term }`. */
export function isOrderly(reason: ExitReason): boolean {
  const kind = exitClass(reason)
  return kind === 'normal' || kind === 'shutdown'
}

/** The reason in one line, for logs and error messages. */
export function describeExit(reason: ExitReason): string {
  if (typeof reason === 'string') return reason
  if (reason instanceof Crash) return `${reason.error.name}: ${reason.error.message}`
  return `{shutdown, ${inWords(reason.shutdown)}}`
}

/** What a failed `call` rejects with. `reason` is the callee's exit reason, or `noproc`, `noconnection`, `timeout`. */
export class ExitError extends Error {
  readonly reason: ExitReason

  constructor(reason: ExitReason, what: string) {
    super(`${what}: ${describeExit(reason)}`, reason instanceof Crash ? { cause: reason.error } : undefined)
    this.name = 'ExitError'
    this.reason = reason
  }
}
