// What a fire drill is: a fault, what has to fire because of it, and how it ends.
import type { AlertName, Severity } from '#vocabulary'
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

/** One fault and all that it has to cause. */
export interface Drill {
  /** What is broken, in a few words. */
  readonly what: string
  /** Settings of the nodes, where they are not as shipped; drills with the same share one stack. */
  readonly settings?: Readonly<Record<string, string>>
  /** Drills of one round and stack are played at the same time; one without is played alone. */
  readonly round?: string
  readonly expects: readonly Expected[]
  /** Others that may fire meanwhile, and why. */
  readonly mayFire?: Readonly<Partial<Record<AlertName, string>>>
  /** Begins the fault. */
  readonly begin: (stack: Stack) => Promise<void>
  /** Ends the fault; one without ends by itself. */
  readonly end?: (stack: Stack) => Promise<void>
}

/** Alerts without a drill, and why. */
export type Reasons = Readonly<Partial<Record<AlertName, string>>>

/** Drills that are played at the same time, on the stack that they need. */
export interface Round {
  readonly settings: Readonly<Record<string, string>>
  readonly drills: readonly Drill[]
}

/** In the order of the drills, those of one stack one after the other. */
export function roundsOf(drills: readonly Drill[]): readonly Round[] {
  const rounds = new Map<string, Round>()
  for (const [index, drill] of drills.entries()) {
    const { settings = {}, round = String(index) } = drill
    const key = `${JSON.stringify(settings)} ${round}`
    rounds.set(key, { settings, drills: [...(rounds.get(key)?.drills ?? []), drill] })
  }
  return [...Map.groupBy(rounds.values(), ({ settings }) => JSON.stringify(settings)).values()].flat()
}
