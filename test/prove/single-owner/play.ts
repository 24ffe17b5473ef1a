// One schedule in an arena: its faults, then quiet, then what is to be said of it.
import { monotonic } from '#test/system/support/monotonic.ts'
import type { Arena, ArenaNote } from './arena.ts'
import { playStep } from './faults.ts'
import type { OwnerProcess } from './owner-process.ts'
import { judgeOwners, type OwnerVerdict } from './owners.ts'
import { whatIsNotQuiet } from './quiet.ts'
import { NAMES, type Schedule } from './schedule.ts'

export interface Played {
  readonly schedule: Schedule
  readonly owners: OwnerVerdict
  /** What was not as it should be long after the last fault. */
  readonly notQuiet: string | undefined
  /** From when all was healed until all was quiet. */
  readonly quietMs: number
  /** Nodes that have ended by themselves. */
  readonly ended: readonly string[]
  readonly notes: readonly ArenaNote[]
}

export async function playSchedule(arena: Arena, schedule: Schedule): Promise<Played> {
  const from = monotonic()
  const [notesBefore, endedBefore] = [arena.notes.length, arena.ended.length]
  const lives = arena.ready
  await Promise.all(schedule.steps.map((step) => playStep(arena, step)))
  arena.heal()
  arena.note('all is healed')
  const healedAt = monotonic()
  const notQuiet = await whatIsNotQuiet(arena, forgettable(arena, schedule, lives))
  const quietMs = monotonic() - healedAt
  return {
    schedule,
    owners: judgeOwners(arena.lives(), from),
    notQuiet,
    quietMs,
    ended: arena.ended.slice(endedBefore).map(({ what }) => what),
    notes: arena.notes.slice(notesBefore).map(({ at, what }) => ({ at: at - from, what })),
  }
}

/**
 * Names that may be gone: one was terminated, and whoever was to start it again has ended; or no node has lived through all of it, and what was
 * known of names was in their memories.
 */
function forgettable(arena: Arena, { steps }: Schedule, before: readonly OwnerProcess[]): ReadonlySet<string> {
  if (!before.some((life) => arena.ready.includes(life))) return new Set(NAMES)
  return new Set(steps.flatMap((step) => (step.kind === 'rebirth' ? [step.name] : [])))
}
