// Pure. What came of a drill: what was seen held against what was planned, line by line and as a table.
import type { AlertName } from '#vocabulary'
import type { Expected } from './drill.ts'

/** One alert, by its labels, as it was seen; times in ms of one clock. */
export interface Sighting {
  readonly labels: Readonly<Record<string, string>>
  readonly firingAt: number
  /** When Alertmanager kept it silent, and because of which alerts. */
  readonly inhibitedAt?: number
  readonly inhibitedBy?: readonly string[]
  readonly toldAt?: number
  readonly receiver?: string
  readonly resolvedAt?: number
  readonly resolvedToldAt?: number
}

/** When the fault began and was over. */
export interface FaultTimes {
  readonly beganAt: number
  readonly endedAt: number
}

export interface Verdict {
  readonly alert: AlertName
  readonly how: string
  /** Seconds: from the fault to firing, to being told, and from its end to being resolved. */
  readonly firingAfter: number | undefined
  readonly toldAfter: number | undefined
  readonly resolvedAfter: number | undefined
  /** Undefined: as planned. */
  readonly problem: string | undefined
}

/** Who is told of which severity. */
const RECEIVERS = { critical: 'page', warning: 'ticket', info: 'nobody' } as const

/** The receiver that hears of it; `nobody` of what only explains others or is kept silent. */
export function receiverOf({ alert, severity, inhibitedBy }: Expected): string {
  if (alert === 'OtpWatchdog') return 'heartbeat'
  return inhibitedBy === undefined ? RECEIVERS[severity] : 'nobody'
}

/** Whether it is one of those that are expected. */
export function isOf({ alert, severity, labels = {} }: Expected, { labels: seen }: Sighting): boolean {
  const wanted = { alertname: alert, severity, ...labels }
  return Object.entries(wanted).every(([name, value]) => seen[name] === value)
}

/** What fired before the fault began is none of it. */
const isCausedBy = (expected: Expected, seen: Sighting, beganAt: number): boolean =>
  isOf(expected, seen) && (expected.isEndless === true || seen.firingAt >= beganAt)

/** Whether it fired and reached whom it should, or nobody. */
export function hasFired(expected: Expected, sightings: readonly Sighting[], beganAt: number): boolean {
  return sightings.some((seen) => isCausedBy(expected, seen, beganAt) && problemOfFiring(expected, seen) === undefined)
}

/** Whether it is over, and whoever was told of it was told so. */
export function hasResolved(expected: Expected, sightings: readonly Sighting[]): boolean {
  return sightings.every((seen) => !isOf(expected, seen) || problemOfEnd(expected, seen) === undefined)
}

function problemOfFiring(expected: Expected, seen: Sighting): string | undefined {
  const receiver = receiverOf(expected)
  if (expected.inhibitedBy !== undefined) {
    if (seen.inhibitedBy?.includes(expected.inhibitedBy) !== true) return `was not inhibited by ${expected.inhibitedBy}`
    return undefined
  }
  if (receiver === 'nobody') return seen.toldAt === undefined ? undefined : `was told to ${seen.receiver}, though nobody has to know`
  if (seen.toldAt === undefined) return `fired, but ${receiver} was not told`
  return seen.receiver === receiver ? undefined : `was told to ${seen.receiver}, not to ${receiver}`
}

function problemOfEnd({ isEndless }: Expected, seen: Sighting): string | undefined {
  if (isEndless === true) return undefined
  if (seen.resolvedAt === undefined) return 'did not resolve'
  return seen.toldAt === undefined || seen.resolvedToldAt !== undefined ? undefined : 'nobody was told that it is over'
}

/** The alert that it is of. */
export const nameOf = ({ labels }: Sighting): string => labels['alertname'] ?? ''

/** Whether it is over for everybody. The watchdog never is, and counts as if it were. */
export const isOver = (seen: Sighting): boolean =>
  nameOf(seen) === 'OtpWatchdog' || (seen.resolvedAt !== undefined && (seen.toldAt === undefined || seen.resolvedToldAt !== undefined))

const seconds = (from: number, to: number | undefined): number | undefined =>
  to === undefined ? undefined : Math.round((to - from) / 100) / 10

/** The verdict on one expectation. Of several that match, the first that went as planned counts, else the first. */
export function judge(expected: Expected, sightings: readonly Sighting[], { beganAt, endedAt }: FaultTimes): Verdict {
  const { alert, severity, inhibitedBy, isAftermath } = expected
  const seen = sightings.filter((one) => isCausedBy(expected, one, beganAt))
  const [best] = [...seen.filter((one) => problemOfFiring(expected, one) === undefined), ...seen]
  const how = inhibitedBy === undefined ? `${severity}, ${receiverOf(expected)}` : `${severity}, inhibited by ${inhibitedBy}`
  if (best === undefined) {
    return { alert, how, firingAfter: undefined, toldAfter: undefined, resolvedAfter: undefined, problem: 'did not fire' }
  }
  const from = isAftermath === true ? endedAt : beganAt
  return {
    alert,
    how,
    firingAfter: seconds(from, best.firingAt),
    toldAfter: seconds(from, best.toldAt ?? best.inhibitedAt),
    resolvedAfter: seconds(endedAt, best.resolvedAt),
    problem: problemOfFiring(expected, best) ?? problemOfEnd(expected, best),
  }
}

/** What fired although nothing of the round explains it. The watchdog always does. */
export function unplanned(sightings: readonly Sighting[], expects: readonly Expected[], mayFire: readonly string[]): readonly string[] {
  const known = new Set<string | undefined>([...mayFire, 'OtpWatchdog'])
  const strangers = sightings.filter((seen) => !known.has(seen.labels['alertname']) && !expects.some((expected) => isOf(expected, seen)))
  return strangers.map(({ labels }) => JSON.stringify(labels))
}

const shown = (time: number | undefined): string => (time === undefined ? '-' : `${time.toFixed(1)} s`)

/** One line for people. */
export function line({ alert, how, firingAfter, toldAfter, resolvedAfter, problem }: Verdict): string {
  const times = `fault -> firing ${shown(firingAfter)} -> told or silenced ${shown(toldAfter)}; end -> resolved ${shown(resolvedAfter)}`
  return `${problem === undefined ? 'ok  ' : 'FAIL'} ${alert} (${how}): ${times}${problem === undefined ? '' : `: ${problem}`}`
}

/** All of them, and the alerts without a drill. */
export function table(verdicts: readonly Verdict[], reasons: Readonly<Record<string, string>>): string {
  const rows = [
    ['alert', 'severity, who is told', 'firing', 'told', 'resolved', 'verdict'],
    ...verdicts.map((one) => [
      one.alert,
      one.how,
      shown(one.firingAfter),
      shown(one.toldAfter),
      shown(one.resolvedAfter),
      one.problem ?? 'as planned',
    ]),
    ...Object.entries(reasons).map(([alert, reason]) => [alert, 'no drill', '-', '-', '-', reason]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
