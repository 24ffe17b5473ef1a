// The state of a process as its behaviour lets it be seen; of one that says nothing about it, nothing.
import { sys } from '#otp'
import { ExitError, type ExitReason, type Pid, type Runtime } from '#process'
import { type Shown, type ShownLimits, shown } from './shown.ts'

const TAKEN_WITHIN_MS = 1000
export const STATE_LIMITS: ShownLimits = { bytes: 64 * 1024, values: 10_000, levels: 16 }

export type StateView =
  | ({ readonly ok: true; readonly behaviour: string } & Shown)
  | {
      readonly ok: false
      readonly reason: 'not_shown' | 'redactor_failed' | ExitReason
      readonly behaviour?: string
      readonly detail?: string
    }

/** Taken between two messages of the process, so it is whole; `timeout` if the process does not come to that within a second. */
export async function stateView(runtime: Runtime, pid: Pid): Promise<StateView> {
  const process = runtime.lookup(pid)
  if (process === undefined) return { ok: false, reason: 'noproc' }
  const { name: behaviour, observe } = process.body
  if (observe?.state === undefined) return { ok: false, reason: 'not_shown', behaviour }
  let state: unknown
  try {
    state = await sys(runtime).getState(pid, { timeoutMs: TAKEN_WITHIN_MS })
  } catch (error) {
    if (error instanceof ExitError) return { ok: false, reason: error.reason, behaviour }
    throw error
  }
  // The behaviour's own code, outside of its process: what it throws ends nobody.
  try {
    return { ok: true, behaviour, ...shown(observe.state(state), STATE_LIMITS) }
  } catch (error) {
    return { ok: false, reason: 'redactor_failed', behaviour, detail: String(error).slice(0, 200) }
  }
}
