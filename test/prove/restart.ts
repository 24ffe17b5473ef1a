// One node is told to end, and killed on its way if asked; then it comes back. Meanwhile it is counted what moves.
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { sumOf } from '#test/support/metrics-page.ts'
import type { Fleet, FleetNode } from './fleet.ts'
import type { Restart } from './history.ts'
import { now } from './own-time.ts'

/** A node that hands nothing over ends soon: it is killed so long after it began to. */
const KILL_AFTER_MS = { least: 15, more: 20 } as const

/** What was taken over is somebody's by then. */
const SETTLED_WITHIN_MS = 3000

/** Kills it when this share of its lots has gone; where nothing moves, after that share of a moment. */
export interface Kill {
  readonly at: number
  /** How long nobody is there before it comes back. */
  readonly awayMs: number
}

export async function restart(fleet: Fleet, node: FleetNode, kill?: Kill): Promise<Restart> {
  const witness = fleet.others(node)[0] as FleetNode
  const before = await witness.registry()
  const life = lifeOf(node, before)
  const owned = [...before].filter(([, owner]) => owner === life).map(([name]) => name)
  const countsBefore = await received(fleet.others(node))
  const log = node.log
  const toldAt = now()
  const handedOver = new Handoffs(log)
  node.tell()
  const shotAt = kill === undefined ? undefined : await killWhileLeaving(node, handedOver, owned.length, kill.at)
  const counted = kill === undefined ? await lastCount(node) : undefined
  const ending = await node.ended()
  const endedAt = now()
  // It may have been faster.
  const killedAt = ending === 'SIGKILL' ? shotAt : undefined
  handedOver.read()
  log.close()
  if (kill !== undefined) await sleep(kill.awayMs)
  const after = await settled(witness, life)
  const countsAfter = await received(fleet.others(node))
  const { names } = handedOver
  await node.start()
  return {
    node: node.name,
    toldAt,
    isHunted: kill !== undefined,
    killedAt,
    endedAt,
    readyAt: now(),
    ending,
    moves: {
      owned: owned.length,
      logged: names.size,
      counted,
      received: countsAfter - countsBefore,
      found: [...names].filter((name) => (after.get(name) ?? life) !== life).length,
      ended: [...names].filter((name) => !after.has(name)).length,
    },
  }
}

/** Its lives before this one own nothing any more. */
function lifeOf({ name }: FleetNode, registry: ReadonlyMap<string, string>): string | undefined {
  return [...registry.values()].find((owner) => owner.startsWith(`${name}.`))
}

/** Where the lots are once nobody looks for any at the life that is over. */
async function settled(witness: FleetNode, life: string | undefined): Promise<ReadonlyMap<string, string>> {
  const deadline = now() + SETTLED_WITHIN_MS
  for (;;) {
    const registry = await witness.registry()
    const isSettled = (await witness.unplaced()) === 0 && ![...registry.values()].some((owner) => owner === life)
    if (isSettled || now() > deadline) return registry
    await sleep(5)
  }
}

/** The handoffs of a node, by the lines of its log: those that were finished, and whether any was begun, which is said at the level `debug`. */
class Handoffs {
  readonly names = new Set<string>()
  hasBegun = false
  isLeaving = false
  readonly #log: FleetNode['log']

  constructor(log: FleetNode['log']) {
    this.#log = log
  }

  read(): void {
    for (const line of this.#log.next()) {
      if (line.includes('"event":"node.leaving"')) this.isLeaving = true
      if (line.includes('"event":"handoff.started"')) this.hasBegun = true
      if (line.includes('"event":"handoff.ended"') && line.includes('"outcome":"completed"')) {
        this.names.add((JSON.parse(line) as { name: string }).name)
      }
    }
  }
}

/** When it was killed; undefined if it had ended by then. */
async function killWhileLeaving(node: FleetNode, handedOver: Handoffs, owned: number, share: number): Promise<number | undefined> {
  let leavingAt: number | undefined
  while (node.isRunning) {
    handedOver.read()
    if (handedOver.isLeaving) leavingAt ??= now()
    // As long as children move, their number says how far it is.
    const isMiddle = handedOver.hasBegun
      ? handedOver.names.size >= Math.max(1, owned * share)
      : leavingAt !== undefined && now() >= leavingAt + KILL_AFTER_MS.least + KILL_AFTER_MS.more * share
    if (isMiddle) {
      const killedAt = now()
      await node.kill()
      return killedAt
    }
    await turn()
  }
  return undefined
}

/** What it has counted when no lot was left there; undefined if it did not answer any more by then. It is asked for as long as it answers, twice at a time. */
async function lastCount(node: FleetNode): Promise<number | undefined> {
  let last: number | undefined
  const ask = async (): Promise<void> => {
    for (let page = await node.page(); page !== undefined; page = await node.page()) {
      if (sumOf(page, 'otp_processes', 'behaviour="lot"') === 0) last = sumOf(page, 'otp_handoffs_total', 'outcome="completed"')
    }
  }
  await Promise.all([ask(), ask()])
  return last
}

/** How many lots these nodes have received by handoff. */
async function received(nodes: readonly FleetNode[]): Promise<number> {
  const pages = await Promise.all(nodes.map((node) => node.page()))
  return pages.reduce((sum, page) => sum + sumOf(page ?? '', 'otp_process_spawns_total', 'behaviour="lot"', 'cause="handoff"'), 0)
}
