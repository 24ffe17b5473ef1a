// Holding one process still, so that it can go on elsewhere: messages wait for it, timers stand still, and both can be taken over.
import { Envelope } from './envelope.ts'
import type { Process } from './process.ts'
import type { TimedInfo } from './process-timer.ts'
import { SystemState } from './system-messages.ts'

/** A timer of a process as plain data. */
export interface SavedTimer extends TimedInfo {
  readonly remainingMs: number
}

/**
 * The process takes no more messages once the one under way is through, and what that one has continued; then its timers stand still and
 * `held` is called. Only what `sys` asks and the exit of its parent still reach it. Of a process that ends first nothing is heard. What it
 * returns takes that back, as long as `held` was not called.
 */
export function holdProcess(process: Process, held: () => void): () => void {
  const first: Envelope[] = []
  const isInternal = ({ kind }: Envelope) => kind === 'internal'
  for (let next = process.takeFirst(isInternal); next !== undefined; next = process.takeFirst(isInternal)) first.push(next)
  const hold = new Envelope('system', 'hold', () => {
    process.sys ??= new SystemState()
    process.sys.isSuspended = true
    for (const timer of process.timers) timer.pause()
    held()
  })
  process.deliverFirst(hold)
  for (const envelope of first.reverse()) process.deliverFirst(envelope)
  if (process.status === 'idle' || process.status === 'suspended') process.runtime.schedule(process)
  return () => {
    process.takeFirst((waiting) => waiting === hold)
  }
}

/** It goes on with what has waited; its idle time-out begins anew. */
export function releaseProcess(process: Process): void {
  if (process.sys !== undefined) process.sys.isSuspended = false
  for (const timer of process.timers) timer.goOn()
  process.idleTimeout?.start()
  if (process.status === 'suspended') process.begin()
}

/** Takes out the messages that wait for it, in their order, those first that it has taken in and put off. Signals and what `sys` asks stay: they are this life's. */
export function takeWaiting(process: Process): Envelope[] {
  const taken = [...(process.body.giveBack?.(process) ?? [])]
  for (const { replyTo } of taken) if (replyTo !== undefined) process.disown(replyTo)
  for (let next = process.takeFirst(isMessage); next !== undefined; next = process.takeFirst(isMessage)) taken.push(next)
  return taken
}

/** Gives back the messages that wait for it, as if it were gone. */
export function refuseWaiting(process: Process): void {
  for (let next = process.takeFirst(isMessage); next !== undefined; next = process.takeFirst(isMessage)) {
    process.runtime.deadLetter(process.pid, next, 'noproc')
  }
}

function isMessage({ kind, name }: Envelope): boolean {
  return kind === 'call' || kind === 'cast' || (kind === 'info' && name !== 'EXIT' && name !== 'DOWN')
}

/** The infos that its timers will send. */
export function savedTimers(process: Process): SavedTimer[] {
  return [...process.timers].flatMap((timer) => {
    const remainingMs = timer.remainingMs()
    return timer.info === undefined || remainingMs === false ? [] : [{ ...timer.info, remainingMs }]
  })
}

/** Sets timers again, `elapsedMs` after they were saved: what is due comes at once. An interval keeps its beat. */
export function restoreTimers(process: Process, timers: readonly SavedTimer[], elapsedMs: number): void {
  for (const { name, payload, everyMs, remainingMs } of timers) {
    const left = Math.max(0, remainingMs - elapsedMs)
    if (everyMs === undefined) process.sendAfter(left, name, payload)
    else process.sendInterval(everyMs, name, payload, left)
  }
}
