// The last minutes of the cluster's load, kept by the page: rates come from the difference of two answers.
import { useRef } from 'preact/hooks'
import type { Answers } from '#answers'

type Member = Answers['cluster']['members'][number]

/** What is drawn of a node at one time; null where it did not answer. */
export interface Sample {
  readonly restarts: number | null
  readonly handled: number | null
  readonly calls: number | null
  readonly oldestMs: number | null
  readonly busy: number | null
}

export interface History {
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly nodes: ReadonlyMap<string, readonly Sample[]>
}

const KEPT = 180
const NOTHING: Sample = { restarts: null, handled: null, calls: null, oldestMs: null, busy: null }

interface Counted {
  readonly at: number
  readonly incarnation: string
  readonly restarts: number
  readonly handled: number
  readonly calls: number
}

/** Grows with each answer it is given. */
export class HistoryKeeper {
  readonly #times: number[] = []
  readonly #nodes = new Map<string, Sample[]>()
  readonly #before = new Map<string, Counted>()
  #collectedAt = ''

  add({ collectedAt, members }: Pick<Answers['cluster'], 'collectedAt' | 'members'>): void {
    if (collectedAt === this.#collectedAt) return
    this.#collectedAt = collectedAt
    const at = Date.parse(collectedAt) / 1000
    this.#times.push(at)
    for (const member of members) {
      // A node that is new has no past.
      const samples = this.#nodes.get(member.name) ?? Array.from({ length: this.#times.length - 1 }, () => NOTHING)
      samples.push(this.#sample(member, at))
      this.#nodes.set(member.name, samples)
    }
    for (const samples of this.#nodes.values()) if (samples.length < this.#times.length) samples.push(NOTHING)
    if (this.#times.length <= KEPT) return
    this.#times.shift()
    for (const samples of this.#nodes.values()) samples.shift()
  }

  #sample({ name, incarnation, load }: Member, at: number): Sample {
    const before = this.#before.get(name)
    if (load === null) {
      this.#before.delete(name)
      return NOTHING
    }
    const { restarts, handled, calls, oldestMessageMs, eventLoopUtilisation } = load
    this.#before.set(name, { at, incarnation, restarts, handled, calls })
    const isSameLife = before !== undefined && before.incarnation === incarnation && at > before.at
    const perSecond = (now: number, then: number) => Math.max(0, (now - then) / (at - (before as Counted).at))
    return {
      restarts: isSameLife ? perSecond(restarts, before.restarts) : null,
      handled: isSameLife ? perSecond(handled, before.handled) : null,
      calls: isSameLife ? perSecond(calls, before.calls) : null,
      oldestMs: oldestMessageMs,
      busy: eventLoopUtilisation,
    }
  }

  get history(): History {
    return { times: this.#times, nodes: this.#nodes }
  }
}

/** The history of what the page was told. */
export function useHistory(cluster: Answers['cluster'] | undefined): History {
  const keeper = useRef<HistoryKeeper>(undefined)
  keeper.current ??= new HistoryKeeper()
  if (cluster !== undefined) keeper.current.add(cluster)
  return keeper.current.history
}
