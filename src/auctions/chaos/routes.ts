// Faults over HTTP, for drills and for whoever wants to see what happens: each is asked for by name, and only where that is allowed.
import { randomInt } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { genServer, type Node, systemClock } from '#otp-labs'
import { Lot } from '../lot.ts'
import { Refusal, unknownLot } from '../refusal.ts'
import { addressOf } from '../where.ts'
import { crashBrittle, startBrittle } from './brittle.ts'
import { block, callNobody, crashLot, cut, labels, stones, storm, supervisors } from './schemas.ts'
import { Stone } from './stone.ts'
import { StormMaker } from './storm.ts'

export interface ChaosRoutesOptions {
  readonly node: Node
  /** Whether these routes do what they say; otherwise they answer 404 and how to allow it. */
  readonly isAllowed: boolean
  /** Cuts the links to the node of this name for so long. */
  readonly cut: (peer: string, ms: number) => void
}

type Body<T> = { Body: Partial<T> | null }

/** Mounts `/chaos/*`. The server has to render thrown `Refusal`s as problem documents. */
export function chaosRoutes(app: FastifyInstance, options: ChaosRoutesOptions): void {
  const { node, isAllowed } = options
  const onRequest = (_request: unknown, _reply: unknown, done: (error?: Error) => void): void => {
    if (isAllowed) done()
    else done(new Refusal('ERR_OTP_AUCTIONS_CHAOS_OFF', 'breaking things is switched off on this node; start it with OTP_CHAOS=allowed'))
  }
  const lots = () => node.registry.entries('', Number.POSITIVE_INFINITY, '').filter(({ behaviour }) => behaviour === Lot.name)
  const anyLot = () => {
    const all = lots()
    return all.length === 0 ? undefined : all[randomInt(all.length)]
  }
  const crash = (id: string): void => node.cast(Lot.named(id), 'crash')
  const crashes = new StormMaker(systemClock, () => {
    const lot = anyLot()
    if (lot !== undefined) crash(lot.name)
  })
  const calls = new StormMaker(systemClock, () => {
    node.call(Lot.named('nobody'), 'look').catch(() => undefined)
  })
  let brittle = 0
  const brittleCrashes = new StormMaker(systemClock, () => crashBrittle(node, brittle))
  const blocks = new StormMaker(systemClock, () => standStill(blockMs))
  let blockMs = 0
  app.addHook('onClose', (_app, done) => {
    for (const storms of [crashes, calls, blocks, brittleCrashes]) storms.stop()
    done()
  })
  const started = (isStarted: boolean): void => {
    if (isStarted) return
    throw new Refusal('ERR_OTP_AUCTIONS_STORM_UNDER_WAY', 'this node makes a storm already; wait until it is over, or ask another node')
  }

  app.post<Body<{ id: string }>>('/chaos/crash-lot', { schema: crashLot, onRequest }, (request, reply) => {
    const id = request.body?.id ?? anyLot()?.name
    if (id === undefined) throw noLots()
    const pid = node.registry.lookup(id)
    if (pid === undefined) throw unknownLot(id)
    crash(id)
    return reply.status(202).send(addressOf(id, pid))
  })

  app.post<Body<{ crashes: number; perSecond: number }>>('/chaos/storm', { schema: storm, onRequest }, (request, reply) => {
    const { crashes: times = 50, perSecond = 20 } = request.body ?? {}
    if (anyLot() === undefined) throw noLots()
    started(crashes.start({ times, perSecond }))
    return reply.status(202).send({ crashes: times, perSecond })
  })

  app.post<Body<{ supervisors: number; crashes: number; perSecond: number }>>(
    '/chaos/supervisors',
    { schema: supervisors, onRequest },
    async (request, reply) => {
      const { supervisors: count = 3, crashes: times = 30, perSecond = 10 } = request.body ?? {}
      started(!brittleCrashes.isUnderWay)
      await startBrittle(node, count)
      brittle = count
      started(brittleCrashes.start({ times, perSecond }))
      return reply.status(202).send({ supervisors: count, crashes: times, perSecond })
    },
  )

  app.post<Body<{ ms: number; times: number; everyMs: number }>>('/chaos/block', { schema: block, onRequest }, (request, reply) => {
    const { ms = 1000, times = 1, everyMs = 2000 } = request.body ?? {}
    started(blocks.start({ times, perSecond: 1000 / everyMs }))
    blockMs = ms
    return reply.status(202).send({ ms, times, everyMs })
  })

  app.post<Body<{ count: number; moves: boolean; work: number; ms: number }>>(
    '/chaos/stones',
    { schema: stones, onRequest },
    async (request, reply) => {
      const { count = 1, moves = true, work = 0, ms = 1000 } = request.body ?? {}
      const ids = Array.from({ length: count }, () => `stone-${randomInt(2 ** 48 - 1).toString(36)}`)
      await Promise.all(
        ids.map(async (id) => {
          await node.supervisor.startChild({ id, start: [Stone, { moves }], restart: 'temporary' })
          for (let i = 0; i < work; i++) node.cast(Stone.named(id), 'work', { ms })
        }),
      )
      return reply.status(202).send({ stones: ids.map((id) => addressOf(id, node.registry.lookup(id))) })
    },
  )

  app.post<{ Body: { peers: string[]; ms: number } }>('/chaos/cut', { schema: cut, onRequest }, (request, reply) => {
    const { peers, ms } = request.body
    for (const peer of peers) options.cut(peer, ms)
    return reply.status(202).send({ peers, ms })
  })

  app.post<Body<{ calls: number; perSecond: number }>>('/chaos/call-nobody', { schema: callNobody, onRequest }, (request, reply) => {
    const { calls: times = 100, perSecond = 20 } = request.body ?? {}
    started(calls.start({ times, perSecond }))
    return reply.status(202).send({ calls: times, perSecond })
  })

  app.post<Body<{ behaviours: number }>>('/chaos/labels', { schema: labels, onRequest }, async (request, reply) => {
    const { behaviours = 100 } = request.body ?? {}
    for (let i = 0; i < behaviours; i++) {
      await node.runtime.spawn(genServer({ name: `label-${i}`, init: () => 0 }).body, undefined, { cause: 'call' })
    }
    return reply.status(202).send({ behaviours })
  })
}

/** The event loop does nothing else meanwhile: a callback that computes for too long. */
function standStill(ms: number): void {
  const until = systemClock.now() + ms
  while (systemClock.now() < until);
}

const noLots = (): Refusal => new Refusal('ERR_OTP_AUCTIONS_UNKNOWN_LOT', 'there is no lot to crash; open one with POST /lots')
