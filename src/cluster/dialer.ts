// Keeps trying to reach every address it was given, with jittered back-off, until there is a link.
import type { Clock, Random, Timer } from '#base'
import type { DialFailure, Transport } from './transport/transport.ts'

/**
 * Short: a process that is killed may reset a connection before it stops to listen, and only "nobody listens there" says that it is
 * gone. Doubled each time, so that an address where nobody answers is not asked often.
 */
const FIRST_BACKOFF_MS = 5
const LONGEST_BACKOFF_MS = 5000
/** Where a member may be back at any moment: how long its names stay owned on both sides is mostly how long nobody dials. */
const LONGEST_SOUGHT_MS = 300

interface Target {
  attempts: number
  isDialling: boolean
  timer: Timer | undefined
  /** Asked for while a dial was under way: its answer may be older than the question. */
  isWantedAgain: boolean
}

export class Dialer {
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #random: Random
  readonly #isLinked: (address: string) => boolean
  readonly #onFailure: (address: string, failure: DialFailure) => void
  readonly #targets = new Map<string, Target>()
  #sought: ReadonlySet<string> = new Set()

  constructor(
    transport: Transport,
    clock: Clock,
    random: Random,
    isLinked: (address: string) => boolean,
    onFailure: (address: string, failure: DialFailure) => void,
  ) {
    this.#transport = transport
    this.#clock = clock
    this.#random = random
    this.#isLinked = isLinked
    this.#onFailure = onFailure
  }

  /** Dials now, whatever the back-off says. */
  dial(address: string): void {
    const target = this.#target(address)
    target.attempts = 0
    target.timer?.cancel()
    if (target.isDialling) target.isWantedAgain = true
    else void this.#try(address, target)
  }

  /** Where members are that silence took out lately: the back-off stays short there, and only there. */
  seek(addresses: ReadonlySet<string>): void {
    const before = this.#sought
    this.#sought = addresses
    for (const address of addresses) if (!before.has(address)) this.dial(address)
  }

  /** Dials after the next back-off: a link that came up did not last. */
  dialLater(address: string): void {
    const target = this.#target(address)
    target.attempts++
    target.timer?.cancel()
    if (!target.isDialling) this.#later(address, target)
  }

  #target(address: string): Target {
    let target = this.#targets.get(address)
    if (target === undefined) {
      target = { attempts: 0, isDialling: false, timer: undefined, isWantedAgain: false }
      this.#targets.set(address, target)
    }
    return target
  }

  /** Dials unless it does so already. */
  keep(address: string): void {
    if (!this.#targets.has(address)) this.dial(address)
  }

  drop(address: string): void {
    this.#targets.get(address)?.timer?.cancel()
    this.#targets.delete(address)
  }

  close(): void {
    for (const address of [...this.#targets.keys()]) this.drop(address)
  }

  async #try(address: string, target: Target): Promise<void> {
    if (this.#isLinked(address)) return
    target.isDialling = true
    const failure = await this.#transport.dial(address)
    target.isDialling = false
    if (this.#targets.get(address) !== target) return
    // An address of this node's own stays known, so that a topology that lists it does not have it dialled again.
    if (failure?.kind === 'self') return
    // Also for a duplicate: its peer may be linked by another address for good.
    if (failure !== undefined) target.attempts++
    if (failure !== undefined && failure.kind !== 'duplicate') this.#onFailure(address, failure)
    if (target.isWantedAgain) {
      target.isWantedAgain = false
      void this.#try(address, target)
    } else if (failure !== undefined) {
      this.#later(address, target)
    }
  }

  /** Full jitter: nodes that lost each other at one moment do not dial at one moment. */
  #later(address: string, target: Target): void {
    const longest = this.#sought.has(address) ? LONGEST_SOUGHT_MS : LONGEST_BACKOFF_MS
    const limit = Math.min(longest, FIRST_BACKOFF_MS * 2 ** Math.min(target.attempts, 10))
    target.timer = this.#clock.after(FIRST_BACKOFF_MS + this.#random.next() * limit, () => void this.#try(address, target))
  }
}
