// The auctions over HTTP: open a lot, look, list, bid.
import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type Node, systemClock } from '#otp-labs'
import { type Bid, Lot, type LotView } from './lot.ts'
import { callRefusal, notHere, Refusal, startRefusal } from './refusal.ts'
import { listLots, openLot, placeBid } from './schemas.ts'
import { addressOf } from './where.ts'

export interface AuctionRoutesOptions {
  readonly node: Node
}

interface OpenLot {
  readonly id?: string
  readonly title: string
  readonly reserve: number
  readonly closesInMs?: number
}

/** What a client that is told 503 should wait, in seconds: a restart takes milliseconds, a takeover a second or two. */
const RETRY_AFTER_S = 1

/** Mounts `/lots`. A node that takes nothing new answers what only reads. The server has to render thrown `Refusal`s as problem documents. */
export function auctionRoutes(app: FastifyInstance, { node }: AuctionRoutesOptions): void {
  const lots = (prefix = '', after = '') =>
    node.registry.entries(prefix, Number.POSITIVE_INFINITY, after).filter(({ behaviour }) => behaviour === Lot.name)

  app.addHook('onRequest', (request, reply, done) => {
    const isWrite = request.method === 'POST' && request.routeOptions.url?.startsWith('/lots') === true
    done(isWrite && !node.isReady ? retryLater(reply, notHere()) : undefined)
  })

  app.post<{ Body: OpenLot }>('/lots', { schema: openLot }, async (request, reply) => {
    const { id = `lot-${randomBytes(4).toString('hex')}`, title, reserve, closesInMs } = request.body
    const closesAt = closesInMs === undefined ? undefined : systemClock.wall() + closesInMs
    const result = await node.supervisor.startChild({ id, start: [Lot, { title, reserve, closesAt }], restart: 'transient' })
    if (result.ok) return reply.status(201).header('location', `/lots/${id}`).send(addressOf(id, result.pid))
    if (result.reason === 'already_started') {
      throw new Refusal('ERR_OTP_AUCTIONS_LOT_EXISTS', `lot '${id}' exists; choose another id, or none`, addressOf(id, result.pid))
    }
    if (result.reason === 'unacknowledged') {
      const detail = `lot '${id}' is open, but no other node has confirmed that it knows: it would be lost with its node`
      throw retryLater(reply, new Refusal('ERR_OTP_AUCTIONS_UNAVAILABLE', detail, addressOf(id, result.pid)))
    }
    throw retryLater(reply, startRefusal(id, result.reason))
  })

  app.get<{ Querystring: { prefix: string; after: string; limit: number } }>('/lots', { schema: listLots }, (request) => {
    const { prefix, after, limit } = request.query
    const found = lots(prefix, after)
    const page = found.slice(0, limit).map(({ name, pid }) => addressOf(name, pid))
    return { lots: page, next: found.length > limit ? (page.at(-1)?.id ?? null) : null }
  })

  app.get<{ Params: { id: string } }>('/lots/:id', async (request, reply) => {
    const { id } = request.params
    const view = await asked(reply, id, () => node.call(Lot.named(id), 'look'))
    return { ...addressOf(id, node.registry.lookup(id)), ...shown(view) }
  })

  app.get<{ Params: { id: string } }>('/lots/:id/bids', async (request, reply) => {
    const { id } = request.params
    const state = await asked(reply, id, () => node.call(Lot.named(id), 'history'))
    return { ...addressOf(id, node.registry.lookup(id)), ...shown(state) }
  })

  app.post<{ Params: { id: string }; Body: Bid }>('/lots/:id/bids', { schema: placeBid }, async (request, reply) => {
    const { id } = request.params
    const { amount } = request.body
    const { outcome, high, bidder: holder } = await asked(reply, id, () => node.call(Lot.named(id), 'bid', request.body))
    const standing = { outcome, high, bidder: holder ?? null }
    if (outcome === 'accepted') return standing
    const why = outcome === 'closed' ? `it is closed, at ${high}` : `a bid has to be above ${high}`
    throw new Refusal('ERR_OTP_AUCTIONS_BID_REFUSED', `lot '${id}' did not take ${amount}: ${why}`, standing)
  })

  /** Calls a lot; what became of it while it was asked is an answer, too. */
  async function asked<T>(reply: FastifyReply, id: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      throw retryLater(reply, callRefusal(id, error, node.registry.isClaimed(id)))
    }
  }
}

/** A lot as JSON has it: nothing is null, and times are written out. */
function shown<V extends LotView>({ closesAt, closedAt, bidder, ...view }: V) {
  return { ...view, bidder: bidder ?? null, closesAt: timeOf(closesAt), closedAt: timeOf(closedAt) }
}

const timeOf = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString())

function retryLater<T>(reply: FastifyReply, error: T): T {
  if (error instanceof Refusal && error.statusCode === 503) reply.header('retry-after', RETRY_AFTER_S)
  return error
}
