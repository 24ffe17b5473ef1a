// An auction house in a box: nodes whose clock the test turns, and the routes of one of them.
import type { FastifyInstance } from 'fastify'
import { auctionRoutes, chaosRoutes, Lot, Stone } from '#auctions'
import { EventStream } from '#base'
import { createHttpServer, type HttpEvents } from '#http'
import { type ChildSpec, genServer, type Node, noReply, type Pid } from '#otp-labs'
import { Box } from '#test/support/box.ts'

/** Owns a lot's name and never answers. */
const Mute = genServer({ name: 'mute', init: () => 0, calls: { bid: (state) => noReply(state), look: (state) => noReply(state) } })
/** Owns a lot's name and cannot bear to be asked. */
const Fragile = genServer({
  name: 'fragile',
  init: () => 0,
  calls: {
    bid: (): never => {
      throw new Error('it is fragile')
    },
  },
})

/** A response, its body read. */
export interface Answered {
  readonly status: number
  readonly type: string | undefined
  readonly retryAfter: string | undefined
  readonly body: Readonly<Record<string, unknown>>
}

export class House {
  readonly box: Box
  readonly node: Node
  /** Links that were to be cut, and for how long. */
  readonly cuts: [peer: string, ms: number][] = []
  readonly #app: FastifyInstance
  /** Errors that were nobody's answer. */
  readonly #unexpected: Error[] = []

  private constructor(box: Box, chaosAllowed: boolean) {
    this.box = box
    this.node = box.node('n1')
    const events = new EventStream<HttpEvents>()
    this.#app = createHttpServer({ clock: box.clock, events, onUnexpected: (error) => this.#unexpected.push(error) })
    auctionRoutes(this.#app, { node: this.node })
    chaosRoutes(this.#app, { node: this.node, isAllowed: chaosAllowed, cut: (peer, ms) => this.cuts.push([peer, ms]) })
  }

  static async open({ names = ['n1'], chaosAllowed = true } = {}): Promise<House> {
    const children: ChildSpec[] = [
      { id: 'mute', start: [Mute], name: 'mute' },
      { id: 'fragile', start: [Fragile], name: 'fragile', restart: 'temporary' },
    ]
    const box = await Box.formed({ names, node: { behaviours: [Lot, Stone], children } })
    const house = new House(box, chaosAllowed)
    for (const name of ['mute', 'fragile']) house.node.registry.register(name, house.node.runtime.whereis(name) as Pid)
    await box.clock.advance(100)
    return house
  }

  async ask(method: 'GET' | 'POST', url: string, payload?: object | string): Promise<Answered> {
    const content = payload === undefined ? {} : { payload, headers: { 'content-type': 'application/json' } }
    const asked = this.#app.inject({ method, url, ...content })
    const response = await this.box.through(asked.then((answer) => answer))
    const { 'content-type': type, 'retry-after': retryAfter } = response.headers
    return { status: response.statusCode, type: type?.toString().split(';')[0], retryAfter: retryAfter?.toString(), body: response.json() }
  }

  /** Fails if a request failed in a way that nobody foresaw. */
  async close(): Promise<void> {
    await this.#app.close()
    for (const { name } of this.box.live()) await this.box.stop(name)
    if (this.#unexpected.length > 0) throw new AggregateError(this.#unexpected, 'requests failed in a way nobody foresaw')
  }
}
