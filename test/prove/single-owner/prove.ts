// `npm run prove -- single-owner`: real nodes under seeded faults, and whether a name ever had two owners.
import { NATS_SERVER, NO_NATS } from '#test/system/support/nats.ts'
import { whyNoNetwork } from '#test/system/support/network.ts'
import type { ArbiterName, SingleOwnerOptions } from '../options.ts'
import { type Campaign, playAll } from './campaign.ts'
import type { Played } from './play.ts'
import { faultsOf, ownersTable, playedLine, scheduleLines } from './verdict.ts'

/** Of the optimistic arbiter's schedules, when it is there for contrast. */
const CONTRAST = 10
/** At most in one arena, one after the other. */
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
  const groups: (Campaign & { readonly arbiter: ArbiterName })[] = []
  for (const arbiter of arbiters) {
    const [numbers, arenas] = [numbersOf(options, arbiter), options.clusters]
    const perArena = Math.min(PER_ARENA, Math.ceil(numbers.length / arenas))
    const onPlayed = (played: Played) => tell(arbiter, played, options, say)
    const own = { arbiter, seed, numbers, arenas, perArena, servers: options.servers, binary: NATS_SERVER, out, onPlayed }
    groups.push({ arbiter, ...(await playAll(own)) })
  }
  const failures = groups.flatMap(({ failures: ofGroup }) => ofGroup)
  for (const error of failures) say(`not played: ${error.stack ?? error.message}`)
  const broken = groups
    .filter(({ arbiter }) => arbiter === 'nats')
    .flatMap(({ played }) => played.filter((one) => faultsOf(one).length > 0))
  const isKept = broken.length + failures.length === 0
  const word = !isKept ? 'BROKEN' : arbiters.includes('nats') ? 'kept' : 'counted'
  console.log(`${ownersTable(groups)}\n\nsingle-owner: ${word}; seed ${seed}; evidence in ${out}`)
  return isKept
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
