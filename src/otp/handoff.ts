// What a behaviour declares so that its processes move with their state, and the value that a moved process begins with.
import { CodedError } from '#base'

/** How the state of a behaviour becomes plain data and is read again, by this release or another one. */
export interface HandoffState<S> {
  /** Of the data, not of the code: raise it when what `save` makes has changed. A whole number from 0. */
  readonly version: number
  /** Default: the state is plain data, and moves as it is. What it throws leaves the process where it is. */
  readonly save?: (state: S) => unknown
  /**
   * Makes the state of what was saved, perhaps by another version; what it throws is a refusal. It runs before there is a process, in place
   * of `init`: timers come along by themselves. Default: the data is the state, and data of another version is refused.
   */
  readonly load?: (data: unknown, version: number) => S
}

/** `true` is `{ version: 0 }`. */
export type HandoffOption<S> = true | HandoffState<S>

/** What a behaviour's processes move by. */
export interface Handoff {
  readonly version: number
  save(state: unknown): unknown
  /** Throws what the behaviour's `load` throws, or `ERR_OTP_OTP_STATE_VERSION`. */
  load(data: unknown, version: number): unknown
}

/** Given to `init` in place of an argument: the process does not begin, it goes on with this state. */
export class Resumed {
  readonly state: unknown
  /** Since it was held. */
  readonly elapsedMs: number

  constructor(state: unknown, elapsedMs: number) {
    this.state = state
    this.elapsedMs = elapsedMs
  }
}

/** Throws `ERR_OTP_OTP_BAD_BEHAVIOUR` for a `handoff` that cannot work. */
export function handoffOf(option: HandoffOption<unknown>, behaviour: string): Handoff {
  const { version, save, load } = option === true ? ({ version: 0 } as HandoffState<unknown>) : option
  const wrong = whatIsWrong(version, save, load)
  if (wrong !== undefined) throw new CodedError('ERR_OTP_OTP_BAD_BEHAVIOUR', `behaviour '${behaviour}': ${wrong}`)
  return {
    version,
    save: (state) => (save === undefined ? state : save(state)),
    load: (data, of) => {
      if (load !== undefined) return load(data, of)
      if (of === version) return data
      throw new CodedError(
        'ERR_OTP_OTP_STATE_VERSION',
        `${behaviour}: expected a state of version ${version}, got ${of}; give it a load(data, version) that reads both`,
      )
    },
  }
}

function whatIsWrong(version: unknown, save: unknown, load: unknown): string | undefined {
  if (!Number.isSafeInteger(version) || (version as number) < 0)
    return `expected the version of its handoff to be a whole number from 0, got ${String(version)}`
  return save !== undefined && load === undefined ? 'expected a load beside save: what one makes, the other has to read' : undefined
}
