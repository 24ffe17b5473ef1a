// What a process may throw to end, or not to begin, for a reason that is no error.
import { Crash, describeExit, type ExitReason } from './exit-reason.ts'

/** Ends the process whose callback it is thrown in, as OTP's `exit/1`; like any error it can be caught on its way. */
export class Exit extends Error {
  readonly reason: ExitReason

  constructor(reason: ExitReason) {
    super(`exit: ${describeExit(reason)}`)
    this.name = 'Exit'
    this.reason = reason
  }
}

/** Ends the process that calls it with `reason`, as OTP's `exit/1`: `terminate` runs, and nothing after this call does. */
export function exit(reason: ExitReason): never {
  throw new Exit(reason)
}

/** Thrown by a behaviour's `init` to refuse the start for a reason of its own. */
export class StartRefused extends Exit {}

/** Thrown by a body's `init` that wants no process. */
export class StartIgnored extends Error {
  constructor() {
    super('the start was ignored')
  }
}

/** The exit reason of a process in which this was thrown. */
export function reasonOf(thrown: unknown): ExitReason {
  return thrown instanceof Exit ? thrown.reason : new Crash(thrown)
}
