// The messages that wait for a process: a chain of envelopes, first come first served.
import { CodedError, inWords } from '#base'
import type { Envelope } from './envelope.ts'

/** What becomes of a message that finds the mailbox full: it is dropped, the oldest makes room for it, or it is refused as a dead letter. A call that is dropped or refused fails with `overloaded`, whichever it is. */
export type Overflow = 'drop_newest' | 'drop_oldest' | 'reject'

/** Signals (`EXIT`, `DOWN`) and system messages always get in: a full mailbox must not hide an end. */
export interface MailboxBound {
  readonly limit: number
  readonly overflow: Overflow
}

/** Throws `ERR_OTP_PROCESS_BAD_MAILBOX` for a bound that cannot work. */
export function checkMailboxBound(bound: MailboxBound, whose: string): void {
  if (Number.isSafeInteger(bound.limit) && bound.limit >= 1 && OVERFLOWS.has(bound.overflow)) return
  throw new CodedError(
    'ERR_OTP_PROCESS_BAD_MAILBOX',
    `expected the mailbox of ${whose} to have a limit of 1 or more messages and an overflow of ${[...OVERFLOWS].join(', ')}, got ${inWords(bound)}`,
  )
}

const OVERFLOWS: ReadonlySet<string> = new Set<Overflow>(['drop_newest', 'drop_oldest', 'reject'])

/**
 * No array to grow, and nothing to move when the first is taken. The chain is a ring, so that one pointer leads to both of its ends:
 * a pointer from a mailbox, which is old, to a message, which is young, costs as much as all else that is done here.
 */
export class Mailbox {
  depth = 0
  /** The youngest, which leads to the oldest. */
  #last: Envelope | undefined

  get first(): Envelope | undefined {
    return this.#last?.next
  }

  /** Takes a message in; answers the one for which there was no room: this one, or an older one that had to make it. */
  offer(envelope: Envelope, bound: MailboxBound | undefined): Envelope | undefined {
    if (bound === undefined || this.depth < bound.limit || isSignal(envelope)) {
      this.#push(envelope)
      return undefined
    }
    if (bound.overflow !== 'drop_oldest') return envelope
    const oldest = this.takeFirst((waiting) => !isSignal(waiting))
    // Full of signals: then this one is the oldest that may be dropped.
    if (oldest === undefined) return envelope
    this.#push(envelope)
    return oldest
  }

  #push(envelope: Envelope): void {
    this.pushFirst(envelope)
    // In a ring, the place before the oldest is the place behind the youngest.
    this.#last = envelope
  }

  /** Puts an envelope before all that wait. There is always room for it. */
  pushFirst(envelope: Envelope): void {
    const last = this.#last
    if (last === undefined) {
      envelope.next = envelope
      this.#last = envelope
    } else {
      envelope.next = last.next
      last.next = envelope
    }
    this.depth++
  }

  take(): Envelope | undefined {
    return this.#last === undefined ? undefined : this.#takeAfter(this.#last)
  }

  #takeAfter(before: Envelope): Envelope {
    const envelope = before.next as Envelope
    if (envelope === before) this.#last = undefined
    else {
      before.next = envelope.next
      if (this.#last === envelope) this.#last = before
    }
    // An old envelope that still pointed at younger ones would keep them from the collector.
    envelope.next = undefined
    this.depth--
    return envelope
  }

  /** The first `most` envelopes, for who looks. */
  waiting(most: number): Envelope[] {
    const envelopes: Envelope[] = []
    for (let envelope = this.first; envelope !== undefined && envelopes.length < Math.min(most, this.depth); envelope = envelope.next)
      envelopes.push(envelope)
    return envelopes
  }

  /** Takes out the first envelope of which `is` holds, wherever it stands. */
  takeFirst(is: (envelope: Envelope) => boolean): Envelope | undefined {
    let before = this.#last
    for (let left = this.depth; left > 0 && before !== undefined; left--) {
      if (before.next !== undefined && is(before.next)) return this.#takeAfter(before)
      before = before.next
    }
    return undefined
  }
}

function isSignal({ kind, name }: Envelope): boolean {
  return kind === 'system' || kind === 'internal' || (kind === 'info' && (name === 'EXIT' || name === 'DOWN'))
}
