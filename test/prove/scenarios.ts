// What is done to the nodes in one round, while the bidders go on.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#base'
import { Balancer } from './balancer.ts'
import { Bidders } from './bidders.ts'
import type { Fleet, FleetNode } from './fleet.ts'
import type { Restart, Round } from './history.ts'
import type { RoundsOptions, Scenario, Store } from './options.ts'
import { stolenMs } from './own-time.ts'
import { restart } from './restart.ts'

/** Bids before the first node is told to end, and after the last one is back. */
const CALM_MS = 1000
/** From the opening of a lot: in this time most rounds are over. */
const CLOSES_IN_MS: Readonly<Record<Scenario, readonly [number, number]>> = {
  'rolling-restart': [3000, 12_000],
  'kill-during-drain': [1000, 6000],
}
const AWAY_MS = 1000
const KILL_TRIES = 3

export async function playRound(fleet: Fleet, options: RoundsOptions, store: Store, number: number, random: Random): Promise<Round> {
  const { scenario, lots, rate, seed } = options
  const stolenBefore = stolenMs()
  const bidders = new Bidders(new Balancer(fleet.nodes), random, { number, lots, rate, closesInMs: CLOSES_IN_MS[scenario] })
  await bidders.begin()
  await sleep(CALM_MS)
  const restarts = scenario === 'rolling-restart' ? await rollingRestart(fleet) : await killOne(fleet, number, random)
  await sleep(CALM_MS)
  await bidders.end()
  const { calls, accounts, toClose } = bidders
  return { number, store, seed, stolenMs: stolenMs() - stolenBefore, calls, accounts, toClose, restarts }
}

/** As an orchestrator does it: the next one when the one before says that it is ready. */
async function rollingRestart(fleet: Fleet): Promise<Restart[]> {
  const restarts: Restart[] = []
  for (const node of fleet.nodes) restarts.push(await restart(fleet, node))
  return restarts
}

/** One after the other, round by round; it is whole again before the next: what two nodes keep survives the loss of one of them. */
async function killOne(fleet: Fleet, number: number, random: Random): Promise<Restart[]> {
  const restarts: Restart[] = []
  do {
    const node = fleet.nodes[(number + restarts.length) % fleet.nodes.length] as FleetNode
    restarts.push(await restart(fleet, node, { at: 0.1 + 0.8 * random.next(), awayMs: AWAY_MS }))
    await fleet.whole()
    // One that was faster has shown nothing, and has no lots now.
  } while (restarts.at(-1)?.killedAt === undefined && restarts.length < KILL_TRIES)
  return restarts
}
