// What a fire drill is: a fault, what has to fire because of it, and how it ends.
import type { AlertName, Severity } from '#vocabulary'
import type { Ground } from './ground.ts'
import type { Stack } from './stack.ts'

/** An alert that the fault has to cause. */
export interface Expected {
  readonly alert: AlertName
  readonly severity: Severity
  /** Those that it has at least, beside its cluster. */
  readonly labels?: Readonly<Record<string, string>>
  /** It fires, and nobody is told because this one does; undefined: its receiver is told. */
  readonly inhibitedBy?: AlertName
  /** It begins when the fault ends. */
  readonly isAftermath?: true
  /** It never resolves. */
  readonly isEndless?: true
}

/** One fault and all that it has to cause, on a ground of this kind. */
export interface DrillOn<G extends Ground> {
  /** What is broken, in a few words. */
  readonly what: string
  /** What the stack is like, where it is not as usual; drills with the same share one. */
  readonly on?: Wanted
  /** Drills of one round and stack are played at the same time; one without is played alone. */
  readonly round?: string
  readonly expects: readonly Expected[]
  /** Others that may fire meanwhile, and why. */
  readonly mayFire?: Reasons
  /** And others where times are so short that nothing is strict. */
  readonly mayFireInHaste?: Reasons
  /** Begins the fault. */
  readonly begin: (ground: G) => Promise<void>
  /** Ends the fault; one without ends by itself. */
  readonly end?: (ground: G) => Promise<void>
}

/** What a drill wants of its stack. */
export interface Wanted {
  /** Settings of the nodes. */
  readonly settings?: Readonly<Record<string, string>>
  /** Whether bidders play; else there are a hundred lots, and nobody bids. */
  readonly load?: boolean
  /** Times are never shorter than this share of what is shipped. */
  readonly leastFactor?: number
}

/** Breaks nothing but what nodes break over HTTP: it can be played on any cluster, by addresses. */
export interface DrillAnywhere extends DrillOn<Ground> {
  readonly anywhere: true
}

export type Drill = DrillAnywhere | (DrillOn<Stack> & { readonly anywhere?: undefined })

/** Alerts, and why. */
export type Reasons = Readonly<Partial<Record<AlertName, string>>>

/** Drills that are played at the same time, on the stack that they need. */
export interface Round<D extends { readonly on?: Wanted; readonly round?: string }> {
  readonly on: Wanted
  readonly drills: readonly D[]
}

/** In the order of the drills, those of one stack one after the other. */
export function roundsOf<D extends { readonly on?: Wanted; readonly round?: string }>(drills: readonly D[]): readonly Round<D>[] {
  const rounds = new Map<string, Round<D>>()
  for (const [index, drill] of drills.entries()) {
    const { on = {}, round = String(index) } = drill
    const key = `${JSON.stringify(on)} ${round}`
    rounds.set(key, { on, drills: [...(rounds.get(key)?.drills ?? []), drill] })
  }
  return [...Map.groupBy(rounds.values(), ({ on }) => JSON.stringify(on)).values()].flat()
}
