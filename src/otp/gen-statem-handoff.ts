// What moves of a gen_statem: its state, its data as its behaviour saves it, and its time-outs. Its events go as messages.
import { CodedError } from '#base'
import type { Machine } from './gen-statem-machine.ts'
import type { SavedTimeout } from './gen-statem-timers.ts'
import type { Handoff } from './handoff.ts'

/** A machine that has come from another node, and is no process yet. */
export interface SavedMachine {
  readonly state: string
  readonly data: unknown
  readonly timers: readonly SavedTimeout[]
}

/** What `data` is saved and loaded by, for the whole machine. A state that this release does not have is refused: `ERR_OTP_OTP_STATE_VERSION`. */
export function machineHandoff({ version, save, load }: Handoff, behaviour: string, states: readonly string[]): Handoff {
  return {
    version,
    save: (machine): SavedMachine => {
      const { state, data, timers } = machine as Machine
      return { state, data: save(data), timers: timers?.saved() ?? [] }
    },
    load: (saved, of): SavedMachine => {
      const { state, data, timers } = saved as SavedMachine
      if (!states.includes(state)) {
        throw new CodedError('ERR_OTP_OTP_STATE_VERSION', `${behaviour}: expected one of the states ${states.join(', ')}, got ${state}`)
      }
      return { state, data: load(data, of), timers: [...timers] }
    },
  }
}
