// State that outlives its process: what a behaviour declares, and the port to whoever keeps what was written.
import { CodedError } from '#base'
import type { ExitReason } from '#process'
import type { Self } from './self.ts'

/** How the state of a behaviour becomes plain data and is read again, by this release or a later one. */
export interface SavedState<S> {
  /** Of the data, not of the code: raise it when what `save` makes has changed. A whole number from 0. */
  readonly version: number
  /** Default: the state is plain data, and is saved as it is. */
  readonly save?: (state: S) => unknown
  /**
   * Makes the state of what was saved, perhaps by another version. It runs in place of `init`: timers are not saved, so it is here that they
   * are set again. Default: the data is the state, and data of another version is refused.
   */
  readonly load?: (data: unknown, version: number, self: Self) => S
}

/** What `persist` may say beyond `true`, which is `{ version: 0 }`. */
export interface PersistOptions<S> extends SavedState<S> {
  /**
   * What a restart by the supervisor begins with. `stored`, the default: what was written, since somebody was told of it. `fresh`: `init`, as
   * for every other process, and what it makes is written over what was there.
   */
  readonly onCrash?: 'stored' | 'fresh'
}

export type Persist<S> = true | PersistOptions<S>

/** What was written last. */
export interface KeptState {
  readonly version: number
  readonly data: unknown
  /** Whether the write was confirmed: what was not is written again before anybody is told of it. */
  readonly isConfirmed: boolean
}

/** Keeps the state of one process under its name, through all its restarts on this node. Given by whoever gives it that name. */
export interface StateKeeper {
  /** What there is of this birth of the name; `undefined`: nothing was ever written. */
  readonly kept: KeptState | undefined
  /**
   * Resolves with `true` when what is written survives this node, as the store means it; with `false` if the name is another's meanwhile, so
   * that nothing was written. Rejects if it could not be written. One write at a time.
   */
  write(version: number, data: unknown): boolean | Promise<boolean>
  /** The process has learnt that the name is another's, and has to be stopped. */
  stop(reason: ExitReason): void
}

/** Throws `ERR_OTP_OTP_BAD_BEHAVIOUR` for a `persist` that cannot work. */
export function checkPersist(persist: Persist<unknown>, behaviour: string): PersistOptions<unknown> {
  const options = persist === true ? { version: 0 } : persist
  const wrong = whatIsWrong(options)
  if (wrong === undefined) return options
  throw new CodedError('ERR_OTP_OTP_BAD_BEHAVIOUR', `behaviour '${behaviour}': ${wrong}`)
}

function whatIsWrong(options: PersistOptions<unknown>): string | undefined {
  if (typeof options !== 'object' || options === null)
    return `expected persist to be true or { version, save, load }, got ${String(options)}`
  const { version, save, load, onCrash = 'stored' } = options
  if (!Number.isSafeInteger(version) || version < 0)
    return `expected the version of its state to be a whole number from 0, got ${String(version)}`
  if (save !== undefined && load === undefined) return 'expected a load beside save: what one makes, the other has to read'
  return onCrash === 'stored' || onCrash === 'fresh' ? undefined : `expected onCrash to be 'stored' or 'fresh', got ${String(onCrash)}`
}
