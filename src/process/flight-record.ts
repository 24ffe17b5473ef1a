// What a process was told last: read when it crashes, so it may cost next to nothing until then.
import type { Envelope, EnvelopeKind } from './envelope.ts'

/** One of the last messages; the youngest is the one it was handling. */
export interface RecordedMessage {
  readonly kind: EnvelopeKind
  readonly name: string
  /** How long before the crash it was taken up, to the resolution of one drain of the run queue. */
  readonly ageMs: number
}

const KEPT = 8
const FIELDS = 3
/** Copied for each record: a tenth of the time of making it anew. */
const EMPTY: readonly unknown[] = Array.from({ length: KEPT * FIELDS })

/** A ring over one flat list: no object a message, and no payload is kept from the collector. */
export class FlightRecord {
  readonly #slots: unknown[] = EMPTY.slice()
  #next = 0

  /** When the youngest message was taken up. */
  get lastMs(): number {
    return this.#slots[(this.#next === 0 ? KEPT * FIELDS : this.#next) - 1] as number
  }

  /** `atMs` is a whole number of 32 bits: any other would cost an allocation a message. */
  note(envelope: Envelope, atMs: number): void {
    const slot = this.#next
    this.#slots[slot] = envelope.kind
    this.#slots[slot + 1] = envelope.name
    this.#slots[slot + 2] = atMs
    this.#next = slot + FIELDS === KEPT * FIELDS ? 0 : slot + FIELDS
  }

  /** Oldest first. */
  read(nowMs: number): RecordedMessage[] {
    const messages: RecordedMessage[] = []
    for (let i = 0; i < KEPT; i++) {
      const slot = (this.#next + i * FIELDS) % (KEPT * FIELDS)
      const kind = this.#slots[slot] as EnvelopeKind | undefined
      if (kind === undefined) continue
      messages.push({ kind, name: this.#slots[slot + 1] as string, ageMs: elapsedMs(nowMs, this.#slots[slot + 2] as number) })
    }
    return messages
  }
}

/** Between two times that come round after 32 bits: right for 24 days. */
export function elapsedMs(nowMs: number, thenMs: number): number {
  return Math.max(0, (nowMs - thenMs) | 0)
}
