// Pure. The verdicts of all rounds as a table, and the sentences about what was not kept.
import type { Verdict, Violation } from './checker.ts'
import type { Round } from './history.ts'

export interface Judged {
  readonly round: Round
  readonly verdict: Verdict
}

/** The kinds of violation as columns; the others have one together. */
const KINDS = ['lost', 'disordered', 'closed_twice'] as const
const HEAD = [
  'store',
  'round',
  'bids',
  'accepted',
  'tries',
  'moved',
  ...KINDS,
  'other',
  'slowest call',
  'lot dark',
  'stolen',
  'verdict',
] as const

export function verdictTable(rounds: readonly Judged[]): string {
  const rows = [...rounds.map((judged) => row(String(judged.round.number), [judged])), row('all', rounds)]
  const lines = [[...HEAD], ...rows]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => (cells[column] as string).length)))
  return lines
    .map((cells) => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '))
    .join('\n')
}

function row(name: string, rounds: readonly Judged[]): string[] {
  const violations = rounds.flatMap(({ verdict }) => verdict.violations)
  const count = (of: (violation: Violation) => boolean) => String(violations.filter(of).length)
  const sum = (of: (verdict: Verdict) => number) => String(rounds.reduce((total, { verdict }) => total + of(verdict), 0))
  const most = (of: (verdict: Verdict) => number) => `${Math.max(0, ...rounds.map(({ verdict }) => of(verdict))).toFixed(0)} ms`
  return [
    [...new Set(rounds.map(({ round }) => round.store))].join('+'),
    name,
    sum(({ bids }) => bids),
    sum(({ accepted }) => accepted),
    sum(({ tries }) => tries),
    sum(({ moved }) => moved),
    sum(({ failed }) => failed),
    ...KINDS.map((kind) => count((violation) => violation.kind === kind)),
    count(({ kind }) => kind !== 'failed' && !(KINDS as readonly string[]).includes(kind)),
    most(({ slowestMs }) => slowestMs),
    most(({ darkMs }) => darkMs),
    `${rounds.reduce((total, { round }) => total + round.stolenMs, 0).toFixed(0)} ms`,
    violations.length === 0 ? 'kept' : 'BROKEN',
  ]
}

/** How each node's restart went. */
export function restartLines({ number, restarts }: Round): string[] {
  return restarts.map(({ node, toldAt, killedAt, endedAt, readyAt, ending, moves }) => {
    const { owned, logged, counted, received, found } = moves
    const ended =
      killedAt === undefined ? `ended after ${(endedAt - toldAt).toFixed(0)} ms` : `killed after ${(killedAt - toldAt).toFixed(0)} ms`
    const moved = `${logged} of ${owned} lots moved (counted ${counted ?? '-'}, received ${received}, found ${found})`
    return `round ${number}: ${node} ${ended} (${ending}), ${moved}, back after ${(readyAt - endedAt).toFixed(0)} ms`
  })
}
