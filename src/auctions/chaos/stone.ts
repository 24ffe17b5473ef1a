// A process for drills: it does badly whatever it is told to do badly, so that no lot has to.
import { genServer, noReply, systemClock } from '#otp-labs'

export interface StoneArgument {
  /** Whether it can move with its state, or fails each time it is to save it. */
  readonly moves: boolean
}

export const Stone = genServer({
  name: 'stone',
  init: (argument: StoneArgument) => argument,
  casts: {
    /** Handles this for so long, and nothing else meanwhile: it falls behind, and cannot be moved before. */
    work: async (state, { ms }: { readonly ms: number }) => {
      await new Promise<void>((resolve) => systemClock.after(ms, resolve))
      return noReply(state)
    },
  },
  handoff: {
    version: 1,
    save: (state) => {
      if (!state.moves) throw new Error('a handoff that fails was asked for')
      return state
    },
    load: (data) => data as StoneArgument,
  },
})
