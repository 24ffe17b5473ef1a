// `npm run prove -- single-owner`: real nodes under seeded faults, and whether a name ever had two owners.
import { NATS_SERVER, NO_NATS } from '#test/system/support/nats.ts'
import { whyNoNetwork } from '#test/system/support/network.ts'
import type { ArbiterName, SingleOwnerOptions } from '../options.ts'
import { playAll } from './campaign.ts'
import type { Played } from './play.ts'
import { faultsOf, ownersTable, playedLine, scheduleLines } from './verdict.ts'

/** Of the optimistic arbiter's schedules, when it is there for contrast. */
const CONTRAST = 10
const PER_ARENA = 6
/** Of each schedule, on the screen; all are in the evidence. */
const SHOWN = 5

export async function proveSingleOwner(options: SingleOwnerOptions, out: string, say: (line: string) => void): Promise<boolean> {
  const { arbiters, seed } = options
  const missing = whyNoNetwork() ?? (arbiters.includes('nats') ? NO_NATS : undefined)
  if (missing !== undefined) throw new Error(missing)
  say(
    `single-owner: ${options.schedule ?? `${options.schedules} schedules`} with ${arbiters.join(' and ')}; seed ${seed}; evidence in ${out}`,
  )
  const groups: { arbiter: ArbiterName; played: readonly Played[] }[] = []
  for (const arbiter of arbiters) {
    const onPlayed = (played: Played) => tell(arbiter, played, options, say)
    const own = { arbiter, seed, numbers: numbersOf(options, arbiter), arenas: options.clusters, perArena: PER_ARENA }
    groups.push({ arbiter, played: await playAll({ ...own, servers: options.servers, binary: NATS_SERVER, out, onPlayed }) })
  }
  const broken = groups
    .filter(({ arbiter }) => arbiter === 'nats')
    .flatMap(({ played }) => played.filter((one) => faultsOf(one).length > 0))
  const word = broken.length > 0 ? 'BROKEN' : arbiters.includes('nats') ? 'kept' : 'counted'
  console.log(`${ownersTable(groups)}\n\nsingle-owner: ${word}; seed ${seed}; evidence in ${out}`)
  return broken.length === 0
}

function numbersOf({ schedule, schedules, arbiters }: SingleOwnerOptions, arbiter: ArbiterName): number[] {
  if (schedule !== undefined) return [schedule]
  const all = Array.from({ length: schedules }, (_, index) => index)
  return arbiter === 'optimistic' && arbiters.length > 1 ? all.filter((number) => number % CONTRAST === 3) : all
}

function tell(arbiter: ArbiterName, played: Played, { seed }: SingleOwnerOptions, say: (line: string) => void): void {
  say(`${arbiter} ${playedLine(played)}`)
  const faults = faultsOf(played)
  if (arbiter === 'optimistic' || faults.length === 0) return
  for (const line of scheduleLines(played)) say(`    ${line}`)
  for (const line of faults.slice(0, SHOWN)) say(`  ${line}`)
  const { number, servers } = played.schedule
  say(`  again: npm run prove -- single-owner --arbiter ${arbiter} --seed ${seed} --schedule ${number} --servers ${servers}`)
}
