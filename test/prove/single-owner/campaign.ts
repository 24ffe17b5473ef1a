// Many schedules, in several arenas at a time; an arena that has shown something wrong is left as it is for whoever wants to know why.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ArbiterName } from '../options.ts'
import { Arena } from './arena.ts'
import { type Played, playSchedule } from './play.ts'
import { scheduleOf } from './schedule.ts'
import { faultsOf } from './verdict.ts'

export interface CampaignOptions {
  readonly arbiter: ArbiterName
  readonly seed: number
  /** The numbers of the schedules. */
  readonly numbers: readonly number[]
  /** Servers of the engine; undefined: one and three by turns, as the number of the schedule says. */
  readonly servers: 1 | 3 | undefined
  /** Arenas at a time, and schedules in each before it makes way for another. */
  readonly arenas: number
  readonly perArena: number
  /** Of `nats-server`. */
  readonly binary: string | undefined
  readonly out: string
  readonly onPlayed: (played: Played) => void
}

interface Batch {
  readonly servers: 0 | 1 | 3
  readonly numbers: readonly number[]
}

export interface Campaign {
  readonly played: readonly Played[]
  /** Why schedules could not be played. */
  readonly failures: readonly Error[]
}

export async function playAll(options: CampaignOptions): Promise<Campaign> {
  const all: Played[] = []
  const failures: Error[] = []
  const batches = batchesOf(options).values()
  const play = async (): Promise<void> => {
    for (const batch of batches) all.push(...(await playBatch(options, batch).catch((error: Error) => failed(failures, error))))
  }
  await Promise.all(Array.from({ length: options.arenas }, play))
  return { played: all.toSorted((a, b) => a.schedule.number - b.schedule.number), failures }
}

function failed(failures: Error[], error: Error): [] {
  failures.push(error)
  return []
}

/** The number alone says how many servers there are: so that a schedule can be played again by itself. */
export function serversOf(arbiter: ArbiterName, number: number): 0 | 1 | 3 {
  if (arbiter === 'optimistic') return 0
  return number % 2 === 0 ? 3 : 1
}

function batchesOf({ arbiter, numbers, servers, perArena }: CampaignOptions): Batch[] {
  const byServers = Map.groupBy(numbers, (number) => (arbiter === 'nats' ? servers : undefined) ?? serversOf(arbiter, number))
  const batches = [...byServers].flatMap(([servers, ofServers]) =>
    Array.from({ length: Math.ceil(ofServers.length / perArena) }, (_, index) => ({
      servers,
      numbers: ofServers.slice(index * perArena, (index + 1) * perArena),
    })),
  )
  return batches.toSorted((a, b) => (a.numbers[0] ?? 0) - (b.numbers[0] ?? 0))
}

async function playBatch({ arbiter, seed, binary, out, onPlayed }: CampaignOptions, { servers, numbers }: Batch): Promise<Played[]> {
  const played: Played[] = []
  const left = [...numbers]
  while (left.length > 0) {
    const directory = join(out, 'arenas', `${arbiter}-${left[0]}`)
    const arena = await Arena.start({ servers, binary, directory })
    let isSound = true
    try {
      while (isSound && left.length > 0) {
        const one = await playSchedule(arena, scheduleOf(seed, left.shift() as number, servers))
        played.push(one)
        onPlayed(one)
        isSound = one.notQuiet === undefined && (arbiter === 'optimistic' || faultsOf(one).length === 0)
        writeEvidence(out, arbiter, one)
      }
    } finally {
      await arena.end()
    }
    if (isSound) rmSync(directory, { recursive: true, force: true })
  }
  return played
}

function writeEvidence(out: string, arbiter: ArbiterName, played: Played): void {
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, `${arbiter}-${played.schedule.number}.json`), JSON.stringify(played, undefined, 1))
}
