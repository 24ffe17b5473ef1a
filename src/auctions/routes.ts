// The auctions over HTTP: open a lot, look, list, bid; and, where it is allowed, break something.
import { randomBytes, randomInt } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type Node, type Pid, systemClock } from '#otp-labs'
import { type Bid, Lot, type LotView } from './lot.ts'
import { callRefusal, notHere, Refusal, startRefusal, unknownLot } from './refusal.ts'
import { crashLot, listLots, openLot, placeBid, storm } from './schemas.ts'
import { type Storm, StormMaker } from './storm.ts'

export interface AuctionRoutesOptions {
  readonly node: Node
  /** Whether `POST /chaos/*` does what it says; otherwise it answers 404 and how to allow it. */
  readonly chaosAllowed: boolean
}

interface OpenLot {
  readonly id?: string
  readonly title: string
  readonly reserve: number
  readonly closesInMs?: number
}

/** What a client that is told 503 should wait, in seconds: a restart takes milliseconds, a takeover a second or two. */
const RETRY_AFTER_S = 1

/** Mounts `/lots` and `/chaos`. A node that takes nothing new answers what only reads. The server has to render thrown `Refusal`s as problem documents. */
export function auctionRoutes(app: FastifyInstance, { node, chaosAllowed }: AuctionRoutesOptions): void {
  const address = (id: string, pid: Pid | undefined) => ({ id, node: nodeOf(pid), pid: pid?.toString() ?? null })
  const lots = (prefix = '', after = '') =>
    node.registry.entries(prefix, Number.POSITIVE_INFINITY, after).filter(({ behaviour }) => behaviour === Lot.name)

  app.addHook('onRequest', (request, reply, done) => {
    done(request.method === 'POST' && !node.isReady ? retryLater(reply, notHere()) : undefined)
  })

  app.post<{ Body: OpenLot }>('/lots', { schema: openLot }, async (request, reply) => {
    const { id = `lot-${randomBytes(4).toString('hex')}`, title, reserve, closesInMs } = request.body
    const closesAt = closesInMs === undefined ? undefined : systemClock.wall() + closesInMs
    const result = await node.supervisor.startChild({ id, start: [Lot, { title, reserve, closesAt }], restart: 'transient' })
    if (result.ok) return reply.status(201).header('location', `/lots/${id}`).send(address(id, result.pid))
    if (result.reason === 'already_started') {
      throw new Refusal('ERR_OTP_AUCTIONS_LOT_EXISTS', `lot '${id}' exists; choose another id, or none`, address(id, result.pid))
    }
    if (result.reason === 'unacknowledged') {
      const detail = `lot '${id}' is open, but no other node has confirmed that it knows: it would be lost with its node`
      throw retryLater(reply, new Refusal('ERR_OTP_AUCTIONS_UNAVAILABLE', detail, address(id, result.pid)))
    }
    throw retryLater(reply, startRefusal(id, result.reason))
  })

  app.get<{ Querystring: { prefix: string; after: string; limit: number } }>('/lots', { schema: listLots }, (request) => {
    const { prefix, after, limit } = request.query
    const found = lots(prefix, after)
    const page = found.slice(0, limit).map(({ name, pid }) => address(name, pid))
    return { lots: page, next: found.length > limit ? (page.at(-1)?.id ?? null) : null }
  })

  app.get<{ Params: { id: string } }>('/lots/:id', async (request, reply) => {
    const { id } = request.params
    const view = await asked(reply, id, () => node.call(Lot.named(id), 'look'))
    return { ...address(id, node.registry.lookup(id)), ...shown(view) }
  })

  app.get<{ Params: { id: string } }>('/lots/:id/bids', async (request, reply) => {
    const { id } = request.params
    const state = await asked(reply, id, () => node.call(Lot.named(id), 'history'))
    return { ...address(id, node.registry.lookup(id)), ...shown(state) }
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

  // ---- chaos

  const onRequest = (_request: unknown, _reply: unknown, done: (error?: Error) => void): void => {
    if (chaosAllowed) done()
    else done(new Refusal('ERR_OTP_AUCTIONS_CHAOS_OFF', 'breaking things is switched off on this node; start it with OTP_CHAOS=allowed'))
  }
  const anyLot = () => {
    const all = lots()
    return all.length === 0 ? undefined : all[randomInt(all.length)]
  }
  const crash = (id: string): void => node.cast(Lot.named(id), 'crash')
  const storms = new StormMaker(systemClock, () => {
    const lot = anyLot()
    if (lot !== undefined) crash(lot.name)
  })
  app.addHook('onClose', (_app, done) => {
    storms.stop()
    done()
  })

  app.post<{ Body: { id?: string } | null }>('/chaos/crash-lot', { schema: crashLot, onRequest }, (request, reply) => {
    const wanted = request.body?.id
    const id = wanted ?? anyLot()?.name
    if (id === undefined) throw noLots()
    const pid = node.registry.lookup(id)
    if (pid === undefined) throw unknownLot(id)
    crash(id)
    return reply.status(202).send(address(id, pid))
  })

  app.post<{ Body: Partial<Storm> | null }>('/chaos/storm', { schema: storm, onRequest }, (request, reply) => {
    const { crashes = 50, perSecond = 20 } = request.body ?? {}
    if (lots().length === 0) throw noLots()
    if (!storms.start({ crashes, perSecond })) {
      throw new Refusal('ERR_OTP_AUCTIONS_STORM_UNDER_WAY', 'this node makes a storm already; wait until it is over, or ask another node')
    }
    return reply.status(202).send({ crashes, perSecond })
  })
}

const noLots = (): Refusal => new Refusal('ERR_OTP_AUCTIONS_UNKNOWN_LOT', 'there is no lot to crash; open one with POST /lots')

/** A lot as JSON has it: nothing is null, and times are written out. */
function shown<V extends LotView>({ closesAt, closedAt, bidder, ...view }: V) {
  return { ...view, bidder: bidder ?? null, closesAt: timeOf(closesAt), closedAt: timeOf(closedAt) }
}

const timeOf = (at: number | undefined): string | null => (at === undefined ? null : new Date(at).toISOString())

/** `n1` of `n1.lq3f9a`: operators know nodes by their names. */
function nodeOf(pid: Pid | undefined): string | null {
  return pid === undefined ? null : pid.node.slice(0, pid.node.indexOf('.'))
}

function retryLater<T>(reply: FastifyReply, error: T): T {
  if (error instanceof Refusal && error.statusCode === 503) reply.header('retry-after', RETRY_AFTER_S)
  return error
}
