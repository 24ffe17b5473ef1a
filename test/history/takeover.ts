// Pure. What the end of a node cost those who are left: when they knew, when its lots lived again, and when everybody saw it.
import { entriesOf, type History } from './history.ts'
import { livesOf } from './ownership.ts'

export interface Takeover {
  /** Lots that lived there at the time. */
  readonly lots: number
  /** From the fault to the first connection to it that was seen to close; undefined: none was. */
  readonly closedAfterMs: number | undefined
  /** From the fault to the first node that held it to be down. */
  readonly downAfterMs: number | undefined
  /** From the fault to the last of its lots that lived again elsewhere; undefined: one never did. */
  readonly livingAfterMs: number | undefined
  /** From the fault to the last survivor whose directory showed an owner of every name again; undefined: one never did, or none was watched. */
  readonly seenAfterMs: number | undefined
}

/** What followed from a fault of `node` at `at`; `names` is how many names there are. */
export function takeoverOf(histories: readonly History[], node: string, at: number, names: number): Takeover {
  const lives = livesOf(histories)
  const survivors = histories.filter((history) => history.node !== node && (history.endedAt ?? Number.POSITIVE_INFINITY) > at)
  const lost = new Set(lives.filter((life) => life.node === node && life.from < at && at <= life.to).map(({ lot }) => lot))
  const after = (found: number | undefined) => (found === undefined ? undefined : found - at)
  const first = (type: string, isIt: (data: Readonly<Record<string, unknown>>) => boolean) =>
    entriesOf(survivors, 'event').find((event) => event.at >= at && event.type === type && isIt(event.data))?.at
  const begun = [...lost].map((lot) => lives.find((life) => life.lot === lot && life.node !== node && life.from >= at)?.from)
  return {
    lots: lost.size,
    closedAfterMs: after(first('cluster.link_down', ({ peer }) => String(peer).startsWith(`${node}.`))),
    downAfterMs: after(first('cluster.member_changed', ({ name, change }) => name === node && change === 'down')),
    livingAfterMs: after(latest(begun)),
    seenAfterMs: after(latest(survivors.map((survivor) => wholeAgainAt(survivor, at, names)))),
  }
}

/** When a survivor that was watched saw all names owned again, after it had seen fewer. */
function wholeAgainAt(survivor: History, at: number, names: number): number | undefined {
  const views = entriesOf([survivor], 'view').filter((view) => view.at >= at)
  const fewer = views.findIndex(({ live }) => live < names)
  return fewer === -1 ? undefined : views.slice(fewer).find(({ live }) => live === names)?.at
}

/** Undefined if one of them has not been, or there is none. */
function latest(times: readonly (number | undefined)[]): number | undefined {
  return times.length === 0 || times.includes(undefined) ? undefined : Math.max(...(times as readonly number[]))
}
