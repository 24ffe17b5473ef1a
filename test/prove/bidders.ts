// The clients of one round: they open lots, bid on them in sequences of their own, read what each lot has taken, and note all of it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#base'
import type { Balancer, Response } from './balancer.ts'
import { LEFT_MS } from './checker.ts'
import type { Account, BidAnswer, Call, Offer } from './history.ts'
import { now, until } from './own-time.ts'

/** Just above what is promised: every call that is not answered has had the time for it. */
const DEADLINE_MS = LEFT_MS + 100
const BIDDERS = 40
/** A lot says what it has taken for 30 s after its end; so long after it is not asked any more. */
const ACCOUNT_AFTER_MS = 1000
const LAST_ACCOUNT_MS = 20_000
const OPEN_AT_ONCE = 20
const NO_SUCH_LOT = 404
/** Lots that are to outlast the round close when it is over. */
const OUTLASTS_MS = 120_000
/** A lot is bid on when all nodes have had the time to hear of it; then another one is opened, as long as bids are made. */
const KNOWN_AFTER_MS = 500

/** A lot as the bidders last heard of it. */
interface KnownLot {
  readonly id: string
  high: number
  isOpen: boolean
  /** By the clock of the machine. */
  readonly askedUntil: number
}

export interface RoundOptions {
  readonly number: number
  readonly lots: number
  /** Bids a second. */
  readonly rate: number
  /** Two of three lots close in the middle of it, between these times. */
  readonly closesInMs: readonly [number, number]
}

export class Bidders {
  readonly calls: Call[] = []
  readonly accounts: Account[] = []
  readonly toClose: string[] = []
  readonly #balancer: Balancer
  readonly #random: Random
  readonly #options: RoundOptions
  readonly #lots: KnownLot[] = []
  readonly #closings: Promise<void>[] = []
  #bidding: Promise<unknown> = Promise.resolve()
  #opening: Promise<unknown> = Promise.resolve()
  #isOver = false

  constructor(balancer: Balancer, random: Random, options: RoundOptions) {
    this.#balancer = balancer
    this.#random = random
    this.#options = options
  }

  /** Opens the lots, then bids until `end`. */
  async begin(): Promise<void> {
    const numbers = Array.from({ length: this.#options.lots }, (_, index) => index).values()
    const open = async (): Promise<void> => {
      for (const number of numbers) await this.#open(number)
    }
    await Promise.all(Array.from({ length: OPEN_AT_ONCE }, open))
    await sleep(KNOWN_AFTER_MS)
    this.#opening = this.#openMore()
    this.#bidding = Promise.all(Array.from({ length: BIDDERS }, (_, index) => this.#bidder(`r${this.#options.number}-b${index + 1}`)))
  }

  /** Waits until all bids have ended, all lots that had to have closed, and each has given its last account. */
  async end(): Promise<void> {
    await Promise.all(this.#closings)
    this.#isOver = true
    await Promise.all([this.#bidding, this.#opening])
    for (const lot of this.#lots) await this.#account(lot)
  }

  /** Also while nodes leave: some of these begin where nothing may begin any more. */
  async #openMore(): Promise<void> {
    for (let number = this.#options.lots; !this.#isOver; number++) {
      const lot = await this.#opened(number, OUTLASTS_MS)
      if (lot === undefined) continue
      await sleep(KNOWN_AFTER_MS)
      this.#lots.push(lot)
    }
  }

  async #open(number: number): Promise<void> {
    const [least, most] = this.#options.closesInMs
    const closes = number % 3 > 0
    const closesInMs = closes ? least + this.#random.int(most - least) : OUTLASTS_MS
    const lot = await this.#opened(number, closesInMs)
    if (lot === undefined) return
    this.#lots.push(lot)
    if (!closes) return
    this.toClose.push(lot.id)
    this.#closings.push(sleep(closesInMs + ACCOUNT_AFTER_MS).then(() => this.#account(lot)))
  }

  async #opened(number: number, closesInMs: number): Promise<KnownLot | undefined> {
    const id = `r${this.#options.number}-${number + 1}`
    // Asked again, an opening that was heard before is answered so (409).
    const isOpened = ({ status }: Response) => (status === 201 || status === 409 ? ('done' as const) : undefined)
    const { answer } = await this.#call('open', id, 'POST', '/lots', isOpened, { id, title: 'for the record', closesInMs })
    if (answer === undefined) return undefined
    return { id, high: 0, isOpen: true, askedUntil: performance.now() + closesInMs + LAST_ACCOUNT_MS }
  }

  /** One bid after the other, each on any lot: what its bidder hears decides when the next one comes. */
  async #bidder(bidder: string): Promise<void> {
    const everyMs = (1000 * BIDDERS) / this.#options.rate
    for (let sequence = 1; !this.#isOver; sequence++) {
      await until(now() + this.#random.next() * 2 * everyMs)
      const open = this.#lots.filter(({ isOpen }) => isOpen)
      const lot = open[this.#random.int(open.length)]
      if (lot === undefined || this.#isOver) continue
      const offer: Offer = { id: `${bidder}-${sequence}`, bidder, sequence, amount: lot.high + 1 + this.#random.int(5) }
      const { id, amount } = offer
      const { answer } = await this.#call('bid', lot.id, 'POST', `/lots/${lot.id}/bids`, bidAnswer, { id, bidder, amount }, offer)
      if (typeof answer !== 'object') continue
      lot.high = Math.max(lot.high, answer.high)
      lot.isOpen &&= answer.outcome !== 'closed'
    }
  }

  /** Again until it is given, as long as there is something to be asked: a call that fails is one thing, what was lost another. */
  async #account({ id: lot, askedUntil }: KnownLot): Promise<void> {
    let said: Response | undefined
    const isThere = (response: Response) => {
      said = response
      return response.status === 200 ? ('done' as const) : undefined
    }
    while (performance.now() < askedUntil && said?.status !== NO_SUCH_LOT) {
      const { sentAt, endedAt, answer } = await this.#call('look', lot, 'GET', `/lots/${lot}/bids`, isThere)
      if (answer === undefined) continue
      this.accounts.push({ ...(said?.body as unknown as Account), lot, sentAt, endedAt })
      return
    }
  }

  async #call(
    what: Call['what'],
    lot: string,
    method: 'GET' | 'POST',
    path: string,
    read: (response: Response) => Call['answer'],
    body?: unknown,
    offer?: Offer,
  ): Promise<Call> {
    const sentAt = now()
    const deadlineAt = sentAt + DEADLINE_MS
    const { response, tries } = await this.#balancer.ask(method, path, deadlineAt, body)
    const answer = response === undefined ? undefined : read(response)
    const wrong = response === undefined || answer !== undefined ? undefined : `${response.status} ${JSON.stringify(response.body)}`
    const call: Call = { what, lot, sentAt, endedAt: now(), deadlineAt, tries, answer, wrong, ...(offer && { offer }) }
    this.calls.push(call)
    return call
  }
}

/** 200, or 409 with what the bid lost against. */
function bidAnswer({ body }: Response): BidAnswer | undefined {
  const { outcome, high, bidder } = body as Partial<BidAnswer>
  return outcome === undefined || high === undefined ? undefined : { outcome, high, bidder: bidder ?? null }
}
