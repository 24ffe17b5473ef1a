// Pure. What was seen of alerts, put together: each time that one fired, who was told, what kept it silent, and when it was over.
import type { Notice } from './contact.ts'
import type { Sighting } from './verdict.ts'

type Labels = Readonly<Record<string, string>>
type Draft = { -readonly [K in keyof Sighting]: Sighting[K] }

/** An alert as Alertmanager has it. */
export interface Routed {
  readonly labels: Labels
  readonly fingerprint: string
  readonly receivers: readonly { readonly name: string }[]
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] }
}

/** All times are of one clock, in ms. */
export class Sightings {
  readonly #seen = new Map<string, Draft[]>()
  readonly #hearsNotices: boolean

  /** Where no notices come, whoever Alertmanager passes an alert on to counts as told. */
  constructor(hearsNotices: boolean) {
    this.#hearsNotices = hearsNotices
  }

  /** What has been firing at or after this time. */
  since(time: number): readonly Sighting[] {
    return [...this.#seen.values()]
      .flat()
      .filter(({ firingAt, resolvedAt = Number.POSITIVE_INFINITY }) => firingAt >= time || resolvedAt >= time)
  }

  /** These fire now, and no others. */
  firing(alerts: readonly Labels[], now: number): void {
    const keys = new Set(alerts.map(keyOf))
    for (const key of keys) this.#current(key, now)
    for (const [key, drafts] of this.#seen) {
      const last = drafts.at(-1)
      if (last !== undefined && !keys.has(key)) last.resolvedAt ??= now
    }
  }

  /** This is all that Alertmanager has now. */
  routed(alerts: readonly Routed[], now: number): void {
    const names = new Map(alerts.map(({ fingerprint, labels }) => [fingerprint, labels['alertname'] ?? '']))
    for (const { labels, status, receivers } of alerts) {
      const draft = this.#seen.get(keyOf(labels))?.at(-1)
      if (draft === undefined || draft.resolvedAt !== undefined) continue
      if (status.inhibitedBy.length > 0) {
        draft.inhibitedAt ??= now
        draft.inhibitedBy = [...new Set([...(draft.inhibitedBy ?? []), ...status.inhibitedBy.map((print) => names.get(print) ?? print)])]
      } else if (!this.#hearsNotices && status.state === 'active') passedOn(draft, receivers, now)
    }
    if (!this.#hearsNotices) this.#passedOnNoMore(new Set(alerts.map(({ labels }) => keyOf(labels))), now)
  }

  /** A receiver was told. It may hear of an alert before it is seen to fire, and of its end or even of its beginning when it is over. */
  told({ at, receiver, alerts }: Notice): void {
    for (const { status, labels, startedAt } of alerts) {
      const key = keyOf(labels)
      if (status === 'resolved') {
        // Of what fired again before anybody was told that it was over, only the last end is told.
        for (const draft of this.#seen.get(key) ?? []) if (draft.toldAt !== undefined) draft.resolvedToldAt ??= at
        continue
      }
      const last = this.#seen.get(key)?.at(-1)
      const isOfLast = last !== undefined && (last.resolvedAt === undefined || startedAt < last.resolvedAt)
      const draft = isOfLast ? last : this.#current(key, at)
      draft.toldAt ??= at
      draft.receiver = receiver
    }
  }

  #passedOnNoMore(active: ReadonlySet<string>, now: number): void {
    for (const [key, drafts] of this.#seen) {
      if (active.has(key)) continue
      for (const draft of drafts) if (draft.toldAt !== undefined && draft.resolvedAt !== undefined) draft.resolvedToldAt ??= now
    }
  }

  /** The sighting that is not over yet, or a new one. */
  #current(key: string, now: number): Draft {
    const drafts = this.#seen.get(key) ?? []
    this.#seen.set(key, drafts)
    const last = drafts.at(-1)
    if (last !== undefined && last.resolvedAt === undefined) return last
    const draft: Draft = { labels: Object.fromEntries(JSON.parse(key) as [string, string][]), firingAt: now }
    drafts.push(draft)
    return draft
  }
}

/** What goes to `nobody` is told to nobody. */
function passedOn(draft: Draft, receivers: Routed['receivers'], now: number): void {
  const receiver = receivers.find(({ name }) => name !== 'nobody')?.name
  if (receiver === undefined) return
  draft.toldAt ??= now
  draft.receiver = receiver
}

const keyOf = (labels: Labels): string => JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))
