// What can be seen of alerts from outside: Prometheus says what fires, Alertmanager what is kept silent, the contact who was told.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contact, Notice } from './contact.ts'
import type { Sighting } from './verdict.ts'

const LOOK_MS = 250
const ANSWER_WITHIN_MS = 3000

type Labels = Readonly<Record<string, string>>
type Draft = { -readonly [K in keyof Sighting]: Sighting[K] }

interface Silenced {
  readonly labels: Labels
  readonly fingerprint: string
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] }
}

/** Looks several times a second until it is stopped, and keeps what it has seen. */
export class Watch {
  readonly #prometheus: string
  readonly #alertmanager: string
  readonly #seen = new Map<string, Draft[]>()
  #isOver = false
  readonly #done: Promise<void>

  constructor(prometheus: string, alertmanager: string, contact: Contact) {
    this.#prometheus = prometheus
    this.#alertmanager = alertmanager
    contact.onNotice = (notice) => this.#onNotice(notice)
    this.#done = this.#look()
  }

  /** What has been firing at or after this time. */
  since(time: number): readonly Sighting[] {
    return [...this.#seen.values()]
      .flat()
      .filter(({ firingAt, resolvedAt = Number.POSITIVE_INFINITY }) => firingAt >= time || resolvedAt >= time)
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await this.#done
  }

  async #look(): Promise<void> {
    while (!this.#isOver) {
      // One of them may be stopped just now: that is no sighting.
      await Promise.allSettled([this.#lookAtPrometheus(), this.#lookAtAlertmanager()])
      await sleep(LOOK_MS)
    }
  }

  async #lookAtPrometheus(): Promise<void> {
    const { data } = await get<{ data: { alerts: { labels: Labels; state: string }[] } }>(`${this.#prometheus}/api/v1/alerts`)
    const now = performance.now()
    const firing = new Set(data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => keyOf(labels)))
    for (const key of firing) this.#current(key, now)
    for (const [key, drafts] of this.#seen) {
      const last = drafts.at(-1)
      if (last !== undefined && !firing.has(key)) last.resolvedAt ??= now
    }
  }

  async #lookAtAlertmanager(): Promise<void> {
    const alerts = await get<Silenced[]>(`${this.#alertmanager}/api/v2/alerts`)
    const names = new Map(alerts.map(({ fingerprint, labels }) => [fingerprint, labels['alertname'] ?? '']))
    for (const { labels, status } of alerts) {
      const draft = this.#seen.get(keyOf(labels))?.at(-1)
      if (draft === undefined || status.inhibitedBy.length === 0) continue
      draft.inhibitedAt ??= performance.now()
      draft.inhibitedBy = [...new Set([...(draft.inhibitedBy ?? []), ...status.inhibitedBy.map((print) => names.get(print) ?? print)])]
    }
  }

  #onNotice({ at, receiver, alerts }: Notice): void {
    for (const { status, labels } of alerts) {
      const key = keyOf(labels)
      // The notice may be faster than the next look at Prometheus, and slower than the one that finds it over.
      const draft = this.#seen.get(key)?.at(-1) ?? (status === 'firing' ? this.#current(key, at) : undefined)
      if (draft === undefined) continue
      if (status === 'firing') {
        draft.toldAt ??= at
        draft.receiver = receiver
      } else if (draft.toldAt !== undefined) draft.resolvedToldAt ??= at
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

const keyOf = (labels: Labels): string => JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return (await response.json()) as T
}
