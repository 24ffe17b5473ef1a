// Exit reasons as the event log keeps them: what is shown of an error, not the error, whose stack holds on to a kilobyte and to all that it names.
import { Crash, type ExitReason } from '#process'
import { shown } from './shown.ts'

/** What JSON has of a `Crash`, in the same words. */
interface KeptCrash {
  readonly error: string
  readonly message: string
  /** Rendered for the first crashes of a second: to render one costs more than the crash. */
  readonly stack: string | undefined
}

export type KeptReason = string | { readonly shutdown: unknown } | KeptCrash

/** Two facts tell of a crash: the end and the restart. */
const STACKS_PER_SECOND = 200
const TERM = { bytes: 16 * 1024, values: 500, levels: 7 }

export class KeptReasons {
  /** In a storm one crash is like the other: they are one object. */
  #last: KeptCrash | undefined
  #second = 0
  #looked = 0

  /** `at`: wall clock of the fact, ms. */
  keep(reason: ExitReason | undefined, at: number): KeptReason | undefined {
    if (reason === undefined || typeof reason === 'string') return reason
    if (reason instanceof Crash) return this.#crash(reason.error, at)
    return typeof reason.shutdown === 'object' ? { shutdown: shown(reason.shutdown, TERM).value } : reason
  }

  #crash(thrown: Error, at: number): KeptCrash {
    const { name: error, message } = thrown
    const stack = this.#mayLook(at) ? thrown.stack : undefined
    const last = this.#last
    if (last !== undefined && last.error === error && last.message === message && last.stack === stack) return last
    this.#last = { error, message, stack }
    return this.#last
  }

  #mayLook(at: number): boolean {
    const second = Math.floor(at / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#looked = 0
    }
    return ++this.#looked <= STACKS_PER_SECOND
  }
}
