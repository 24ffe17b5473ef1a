// Pure. What was found wrong in schedules, in sentences and as a table.
import type { Played } from './play.ts'
import { stepLine } from './schedule.ts'

/** Everything that must not be where an arbiter decides; empty: the schedule is kept. */
export function faultsOf({ owners, notQuiet, ended }: Played): string[] {
  return [
    ...owners.violations.map(({ kind, what }) => `${kind}: ${what}`),
    ...(notQuiet === undefined ? [] : [`not quiet: ${notQuiet}`]),
    ...ended.map((what) => `ended: ${what}`),
  ]
}

export function playedLine({ schedule: { number, servers, steps }, owners, quietMs, notQuiet }: Played): string {
  const { handled, tenures, overlaps, frozen } = owners
  const quiet = notQuiet === undefined ? `quiet after ${(quietMs / 1000).toFixed(1)} s` : 'NOT QUIET'
  return `${number} (${servers} servers): ${steps.length} steps, ${handled} messages, ${tenures} owners, ${overlaps} overlaps, ${frozen} frozen, ${quiet}`
}

/** The schedule, step by step. */
export function scheduleLines({ schedule: { steps } }: Played): string[] {
  return steps.map(stepLine)
}

const HEAD = [
  'arbiter',
  'servers',
  'schedules',
  'faults',
  'messages',
  'owners',
  'overlaps',
  'late',
  'frozen',
  'quiet after',
  'verdict',
] as const

/** One row for each number of servers. */
export function ownersTable(groups: readonly { readonly arbiter: string; readonly played: readonly Played[] }[]): string {
  const rows = groups.flatMap(({ arbiter, played }) =>
    [...Map.groupBy(played, ({ schedule }) => schedule.servers)].map(([servers, ofServers]) => row(arbiter, servers, ofServers)),
  )
  const lines = [[...HEAD], ...rows]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => (cells[column] as string).length)))
  return lines
    .map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '))
    .join('\n')
}

function row(arbiter: string, servers: number, played: readonly Played[]): string[] {
  const sum = (of: (one: Played) => number) => String(played.reduce((total, one) => total + of(one), 0))
  const isKept = played.every((one) => faultsOf(one).length === 0)
  return [
    arbiter,
    String(servers),
    String(played.length),
    sum(({ schedule }) => schedule.steps.length),
    sum(({ owners }) => owners.handled),
    sum(({ owners }) => owners.tenures),
    sum(({ owners }) => owners.overlaps),
    sum(({ owners }) => owners.late),
    sum(({ owners }) => owners.frozen),
    `${(Math.max(0, ...played.map(({ quietMs }) => quietMs)) / 1000).toFixed(1)} s`,
    // It promises nothing of the kind: it is here to show what the others are spared.
    arbiter === 'optimistic' ? 'for contrast' : isKept ? 'kept' : 'BROKEN',
  ]
}
