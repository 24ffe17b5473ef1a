// System messages, as OTP's `sys`: what is asked of a process between two of its messages, and still while it is suspended.
import type { Envelope, ExitMessage } from './envelope.ts'
import { Crash } from './exit-reason.ts'
import type { Process } from './process.ts'

/** The payload of an envelope of kind `system`; what it returns is the answer, what it throws harms only who asked. */
export type SystemAct = (process: Process) => unknown

/** What a process keeps for `sys`, from the first time somebody asks. */
export class SystemState {
  isSuspended = false
  /** Counting began so: wall clock, and messages handled by then; `undefined` while nobody counts. */
  countedFrom: { readonly at: number; readonly handled: number } | undefined
  out = 0

  /** An answer was given. */
  countOut(): void {
    if (this.countedFrom !== undefined) this.out++
  }
}

/** Carries out one system message; answers whether the process is suspended now. The idle time-out starts anew afterwards, as in OTP: the process went back to waiting. */
export function handleSystem(process: Process, { payload, replyTo }: Envelope): boolean {
  try {
    const answer = (payload as SystemAct)(process)
    replyTo?.reply(answer)
  } catch (error) {
    replyTo?.fail(new Crash(error))
  }
  const isSuspended = process.sys?.isSuspended === true
  if (isSuspended) process.idleTimeout?.cancel()
  else process.idleTimeout?.start()
  return isSuspended
}

/** Only what `sys` asks and the exit of the parent reach a suspended process. */
export function passesSuspension(process: Process, envelope: Envelope): boolean {
  return envelope.kind === 'system' || isExitOfParent(process, envelope)
}

/** Whether it is the exit signal of the starter, which ends a process that traps exits, too. */
export function isExitOfParent({ origin }: Process, { kind, name, payload }: Envelope): boolean {
  return (
    kind === 'info' && name === 'EXIT' && origin.parent !== undefined && (payload as ExitMessage | undefined)?.from === origin.parent.pid
  )
}

/** What `run` is for a suspended process; answers how many messages it handled. */
export function runSuspended(process: Process): number {
  for (let handled = 0; ; handled++) {
    const envelope = process.takeFirst((waiting) => passesSuspension(process, waiting))
    if (envelope === undefined) {
      process.status = 'suspended'
      return handled
    }
    process.status = 'running'
    let isSuspended = true
    if (envelope.kind === 'system') isSuspended = handleSystem(process, envelope)
    else process.stop((envelope.payload as ExitMessage).reason)
    if (process.isEnding) return handled + 1
    if (!isSuspended) {
      process.begin()
      return handled + 1
    }
  }
}
