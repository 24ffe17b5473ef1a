// Clients behind a load balancer: bid over and over, ask another pod when one cannot answer, and remember what was accepted.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bidding } from './orders.ts'

/** A call that is not answered within so long, tries included, has failed. */
const ANSWER_WITHIN_MS = 5000
const TRY_WITHIN_MS = 3000
const BETWEEN_TRIES_MS = 50
const BETWEEN_BIDS_MS = 10

interface LotSeen {
  /** The greatest amount that was answered `accepted`, and how many were. */
  high: number
  accepted: number
  /** The next amount; none is offered twice, unless nobody has answered. */
  next: number
}

interface Answer {
  readonly pod: string
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

export class Bidders {
  /** Base addresses of the pods to which clients are led now. */
  readonly #pods: () => readonly string[]
  readonly #lots = new Map<string, LotSeen>()
  readonly #failed: string[] = []
  readonly #running: Promise<void>[] = []
  #slowestMs = 0
  #turn = 0
  #isStopped = false

  constructor(pods: () => readonly string[]) {
    this.#pods = pods
  }

  /** Answers the names of the nodes on which they run. */
  async open(prefix: string, count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
    const opened = await Promise.all(ids.map((id) => this.#ask('POST', '/lots', { id, title: id, reserve: 0 })))
    for (const id of ids) this.#lots.set(id, { high: 0, accepted: 0, next: 1 })
    return opened.map(({ body }) => String(body.node))
  }

  start(bidders: number): void {
    const ids = [...this.#lots.keys()]
    for (let bidder = 0; bidder < bidders; bidder++) {
      this.#running.push(
        this.#bid(
          ids.filter((_, index) => index % bidders === bidder),
          `bidder-${bidder}`,
        ),
      )
    }
  }

  /** Each lot has one bidder: whatever it offers is above what it offered before. */
  async #bid(ids: readonly string[], bidder: string): Promise<void> {
    while (!this.#isStopped) {
      for (const id of ids) {
        const lot = this.#lots.get(id) as LotSeen
        const amount = lot.next++
        try {
          const { pod, status, body } = await this.#ask('POST', `/lots/${id}/bids`, { bidder, amount })
          // Refused as too low against its own amount: an earlier try was accepted, and its answer was lost.
          const isAccepted = status === 200 || (status === 409 && body.high === amount)
          if (isAccepted) lot.high = amount
          if (isAccepted) lot.accepted++
          else this.#failed.push(`${id} at ${amount}: ${pod} answered ${status} at ${new Date().toISOString()}: ${JSON.stringify(body)}`)
        } catch (error) {
          this.#failed.push(`${id} at ${amount}: ${(error as Error).message}`)
        }
        await sleep(BETWEEN_BIDS_MS)
      }
    }
  }

  async account(): Promise<Bidding> {
    this.#isStopped = true
    await Promise.all(this.#running)
    const lost: string[] = []
    let accepted = 0
    for (const [id, lot] of this.#lots) {
      const { status, body } = await this.#ask('GET', `/lots/${id}`)
      accepted += lot.accepted
      const isThere = status === 200 && Number(body.high) >= lot.high && Number(body.bids) >= lot.accepted
      if (!isThere) lost.push(`${id}: ${lot.accepted} accepted up to ${lot.high}, found ${status} ${JSON.stringify(body)}`)
    }
    return { accepted, failed: this.#failed, slowestMs: Math.round(this.#slowestMs), lost }
  }

  /** Of one pod after the other, until one answers with anything but "not now". */
  async #ask(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    const startedAt = performance.now()
    let heard = 'no pod to ask'
    while (performance.now() - startedAt < ANSWER_WITHIN_MS) {
      const pods = this.#pods()
      const pod = pods[this.#turn++ % pods.length]
      if (pod !== undefined) {
        try {
          const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
          const response = await fetch(pod + path, { method, signal: AbortSignal.timeout(TRY_WITHIN_MS), ...content })
          const answer = (await response.json()) as Answer['body']
          if (response.status < 500) {
            this.#slowestMs = Math.max(this.#slowestMs, performance.now() - startedAt)
            return { pod, status: response.status, body: answer }
          }
          heard = `${pod} answered ${response.status}: ${String(answer.detail)}`
        } catch (error) {
          heard = `${pod}: ${String((error as Error).cause ?? error)}`
        }
      }
      await sleep(BETWEEN_TRIES_MS)
    }
    throw new Error(`no answer in time; the last try heard: ${heard}`)
  }
}
