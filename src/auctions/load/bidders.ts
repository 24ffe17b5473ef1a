// The bidders: they keep lots open, bid at a steady rate whether or not they are answered, and look now and then.
import { randomBytes, randomInt } from 'node:crypto'
import type { Clock } from '#otp-labs'
import type { LoadOptions } from './options.ts'
import { type LoadReport, Tally } from './tally.ts'
import { Targets } from './targets.ts'

/** A lot as the bidders last heard of it. */
interface KnownLot {
  high: number
  readonly goneAt: number
}

const TICK_MS = 10
const CLOSES_IN_MS = [20_000, 90_000] as const
/** So long after its end a lot is still bid on: some bids come too late. */
const LATE_MS = 1000
/** One bid in so many is below what it would have to be; after one in so many somebody looks. */
const LOW_BID_IN = 8
const LOOK_IN = 10
/** More requests without an answer are not begun, but counted as failed. */
const MOST_IN_FLIGHT = 2000
const NAMES = ['ada', 'barbara', 'edsger', 'grace', 'joe', 'kathleen', 'leslie', 'mike', 'robert', 'tony']
const THINGS = ['Moon rock', 'Brass sextant', 'Slide rule', 'Punched card', 'Abacus', 'Core memory', 'Telegraph key', 'Astrolabe']

export class Bidders {
  readonly #clock: Clock
  readonly #options: LoadOptions
  readonly #targets: Targets
  readonly #tally: Tally
  readonly #lots = new Map<string, KnownLot>()
  readonly #startedAt: number
  #opening = 0
  #due = 0
  #inFlight = 0
  #timer: { cancel(): void } | undefined

  constructor(clock: Clock, options: LoadOptions) {
    this.#clock = clock
    this.#options = options
    this.#tally = new Tally(clock.now())
    this.#targets = new Targets(clock, options.targets, () => {
      this.#tally.retries++
    })
    this.#startedAt = clock.now()
  }

  start(): void {
    this.#timer = this.#clock.after(TICK_MS, () => {
      this.#tick()
      this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }

  get inFlight(): number {
    return this.#inFlight
  }

  report(): LoadReport {
    return this.#tally.report(this.#clock.now(), this.#lots.size)
  }

  /** Open loop: what is due follows from the time that has passed, not from what was answered. */
  #tick(): void {
    const now = this.#clock.now()
    for (const [id, { goneAt }] of this.#lots) if (goneAt <= now) this.#lots.delete(id)
    while (this.#lots.size + this.#opening < this.#options.lots) this.#begin(this.#open())
    const due = Math.floor(((now - this.#startedAt) * this.#options.rate) / 1000)
    // With no lot there is nothing to bid on: the rate is not made up for later.
    if (this.#lots.size === 0) this.#due = due
    for (; this.#due < due; this.#due++) {
      if (this.#inFlight >= MOST_IN_FLIGHT) this.#tally.failed('overrun')
      else this.#begin(this.#bid(now))
      if (this.#due % LOOK_IN === 0) this.#begin(this.#look())
    }
  }

  #begin(work: Promise<void>): void {
    this.#inFlight++
    void work.finally(() => {
      this.#inFlight--
    })
  }

  async #open(): Promise<void> {
    this.#opening++
    // The id is the bidders' own: an opening that is tried again cannot open two.
    const id = `lot-${randomBytes(4).toString('hex')}`
    const reserve = randomInt(1, 100)
    const closesInMs = randomInt(CLOSES_IN_MS[0], CLOSES_IN_MS[1])
    const answer = await this.#targets.ask('POST', '/lots', { id, title: oneOf(THINGS), reserve, closesInMs })
    this.#opening--
    if (!answer.ok) this.#tally.failed(answer.kind)
    else if (answer.status === 201 || answer.status === 409) {
      this.#lots.set(id, { high: reserve, goneAt: this.#clock.now() + closesInMs + LATE_MS })
    } else this.#tally.failed(`http_${answer.status}`)
  }

  async #bid(dueAt: number): Promise<void> {
    const [id, lot] = this.#someLot()
    const amount = lot.high + (randomInt(LOW_BID_IN) === 0 ? 0 : randomInt(1, 20))
    const answer = await this.#targets.ask('POST', `/lots/${id}/bids`, { bidder: oneOf(NAMES), amount })
    if (!answer.ok) {
      this.#tally.failed(answer.kind)
      return
    }
    this.#tally.answered(this.#clock.now() - dueAt)
    const { outcome, high } = answer.body
    if (typeof high === 'number') lot.high = high
    if (outcome === 'accepted') this.#tally.accepted++
    else if (outcome === 'too_low') this.#tally.tooLow++
    else {
      this.#lots.delete(id)
      if (outcome === 'closed') this.#tally.closed++
      else this.#tally.failed(`http_${answer.status}`)
    }
  }

  async #look(): Promise<void> {
    const [id, lot] = this.#someLot()
    const answer = await this.#targets.ask('GET', `/lots/${id}`)
    if (!answer.ok) this.#tally.failed(answer.kind)
    else if (answer.status !== 200) this.#tally.failed(`http_${answer.status}`)
    else if (typeof answer.body.high === 'number') lot.high = answer.body.high
  }

  #someLot(): [string, KnownLot] {
    return oneOf([...this.#lots])
  }
}

function oneOf<T>(list: readonly T[]): T {
  return list[randomInt(list.length)] as T
}
