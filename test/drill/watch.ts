// What can be seen of alerts from outside: Prometheus says what fires, Alertmanager what is kept silent, and who was told is heard.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contact } from './contact.ts'
import { type Routed, Sightings } from './sightings.ts'
import type { Sighting } from './verdict.ts'

const LOOK_MS = 250
const ANSWER_WITHIN_MS = 3000

interface PrometheusAlerts {
  readonly data: { readonly alerts: readonly { readonly labels: Readonly<Record<string, string>>; readonly state: 'pending' | 'firing' }[] }
}

/** Looks several times a second until it is stopped, and keeps what it has seen. */
export class Watch {
  readonly #prometheus: string
  readonly #alertmanager: string
  readonly #sightings: Sightings
  #isOver = false
  readonly #done: Promise<void>

  /** Without a contact, whoever Alertmanager passes an alert on to counts as told. */
  constructor(prometheus: string, alertmanager: string, contact: Contact | undefined) {
    this.#prometheus = prometheus
    this.#alertmanager = alertmanager
    this.#sightings = new Sightings(contact !== undefined)
    if (contact !== undefined) contact.onNotice = (notice) => this.#sightings.told(notice)
    this.#done = this.#look()
  }

  /** What has been firing at or after this time, of `performance.now()`. */
  since(time: number): readonly Sighting[] {
    return this.#sightings.since(time)
  }

  /** Names of the alerts that fire now, or also of those that are about to; the watchdog always does, and is none of them. */
  async unrest(which: 'firing' | 'about to'): Promise<readonly string[]> {
    const { data } = await get<PrometheusAlerts>(`${this.#prometheus}/api/v1/alerts`)
    const alerts = data.alerts.filter(({ state }) => which === 'about to' || state === 'firing')
    const names = alerts.map(({ labels }) => labels['alertname'] ?? '')
    return [...new Set(names)].filter((name) => name !== 'OtpWatchdog')
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
    const { data } = await get<PrometheusAlerts>(`${this.#prometheus}/api/v1/alerts`)
    const firing = data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels)
    this.#sightings.firing(firing, performance.now())
  }

  async #lookAtAlertmanager(): Promise<void> {
    const alerts = await get<Routed[]>(`${this.#alertmanager}/api/v2/alerts`)
    this.#sightings.routed(alerts, performance.now())
  }
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return (await response.json()) as T
}
