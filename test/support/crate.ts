// A process that is heavy to move, and that holds its own move up for as long as a test wants.
import { genServer } from '#otp-labs'

/** Started with how many bytes it holds. `hang` is handled until its crate is told to go on. */
export function crate() {
  let goOn: () => void = () => undefined
  const Crate = genServer({
    name: 'crate',
    init: (bytes: number) => ({ content: new Uint8Array(bytes).fill(7) }),
    casts: {
      hang: async (state) => {
        await new Promise<void>((resolve) => {
          goOn = resolve
        })
        return state
      },
    },
    handoff: true,
  })
  return { Crate, goOn: () => goOn() }
}
