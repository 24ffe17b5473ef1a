// A storm: many children of one supervisor that crash at once, until each of them runs again.
import { genServer } from '#otp'
import type { Pid, Runtime } from '#process'
import { startChildren, startSupervisor } from './system.ts'

/** Children of a storm. */
export const STORM = 10_000

/** A process that crashes when it is told to. */
export const Fragile = genServer({
  name: 'fragile',
  init: (start: number) => start,
  casts: {
    crash: (): number => {
      throw new Error('crash')
    },
  },
})

export interface Storm {
  readonly supervisor: Pid
  readonly children: readonly Pid[]
  readonly over: Promise<void>
}

/** Children that wait to crash; `over` resolves when each of them runs again. */
export async function prepareStorm(runtime: Runtime): Promise<Storm> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = STORM
  const supervisor = await startSupervisor(runtime, () => {
    if (--left === 0) resolve()
  })
  return { supervisor, children: await startChildren(runtime, supervisor, Fragile, STORM), over: promise }
}
