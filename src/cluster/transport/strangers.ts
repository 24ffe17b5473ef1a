// Those who have connected and have not proven themselves: how many there may be, from where, for how long, and what they are told.
import type { Clock } from '#base'
import { parseAddress } from '../address.ts'
import type { RefusalReason } from '../events.ts'
import { AcceptorHandshake, type HandshakeSelf, type Peer } from '../handshake.ts'
import type { StrangerLimits } from './link-limits.ts'
import type { Door, Refusal, Wire } from './wire.ts'

/** Who keeps the door open. */
export interface DoorOwner {
  /** What this node brings to a handshake over the wire. */
  self(wire: Wire): HandshakeSelf
  /** It has proven itself: `handshake.decide` comes next. `rest` are bytes that came behind the proof. */
  proven(wire: Wire, handshake: AcceptorHandshake, peer: Peer, rest: Buffer, startedAt: number): void
  refused(reason: RefusalReason, remote: string, detail: string): void
}

interface Stranger {
  readonly host: string
  /** Leaves it alone: what it does from now on concerns nobody here. */
  forget(): void
  turnAway(refusal: Refusal, send?: Buffer): void
}

export class Strangers {
  readonly #clock: Clock
  readonly #limits: StrangerLimits
  readonly #owner: DoorOwner
  readonly #doors = new Map<Door, Stranger>()

  constructor(clock: Clock, limits: StrangerLimits, owner: DoorOwner) {
    this.#clock = clock
    this.#limits = limits
    this.#owner = owner
  }

  accept(door: Door): void {
    const host = parseAddress(door.remote)?.host ?? door.remote
    const tooMany = this.#whyTooMany(host)
    if (tooMany === undefined) {
      this.#meet(door, host)
    } else {
      door.close()
      this.#owner.refused('limit', door.remote, tooMany)
    }
  }

  #whyTooMany(host: string): string | undefined {
    const { maxStrangers, maxStrangersPerHost } = this.#limits
    if (this.#doors.size >= maxStrangers) return `${maxStrangers} strangers are in a handshake already`
    const ofHost = this.#doors.values().filter((stranger) => stranger.host === host)
    return [...ofHost].length >= maxStrangersPerHost ? `${maxStrangersPerHost} strangers of ${host} are in a handshake already` : undefined
  }

  #meet(door: Door, host: string): void {
    const { handshakeMs } = this.#limits
    const startedAt = this.#clock.now()
    let wire: Wire | undefined
    const timer = this.#clock.after(handshakeMs, () =>
      stranger.turnAway({ reason: 'timeout', detail: `no proof within ${handshakeMs} ms` }),
    )
    const stranger: Stranger = {
      host,
      forget: () => {
        timer.cancel()
        this.#doors.delete(door)
      },
      turnAway: ({ reason, detail }, send) => {
        stranger.forget()
        if (wire === undefined) {
          door.close()
        } else if (send === undefined) {
          wire.destroy()
        } else {
          wire.write(send)
          wire.end()
        }
        this.#owner.refused(reason, door.remote, detail)
      },
    }
    this.#doors.set(door, stranger)
    door.open(
      (opened) => {
        wire = opened
        if (this.#doors.has(door)) this.#listen(door, stranger, opened, startedAt)
        else opened.destroy()
      },
      (refusal) => {
        // Whoever was turned away already has been told of once.
        if (refusal === undefined) stranger.forget()
        else if (this.#doors.has(door)) stranger.turnAway(refusal)
      },
    )
  }

  #listen(door: Door, stranger: Stranger, wire: Wire, startedAt: number): void {
    const handshake = new AcceptorHandshake(this.#owner.self(wire))
    wire.listen({
      bytes: (chunk) => {
        if (!this.#doors.has(door)) return
        const step = handshake.feed(chunk)
        if (step.kind === 'claimed') wire.write(handshake.challenge())
        else if (step.kind === 'refused') stranger.turnAway(step, step.send)
        else if (step.kind === 'proven') {
          stranger.forget()
          this.#owner.proven(wire, handshake, step.peer, step.rest, startedAt)
        }
      },
      ended: () => stranger.forget(),
    })
  }

  /** Ends every handshake under way. */
  close(): void {
    for (const [door, stranger] of [...this.#doors]) {
      stranger.forget()
      door.close()
    }
  }

  /** Forgets everybody without a word. */
  abandon(): void {
    for (const stranger of [...this.#doors.values()]) stranger.forget()
  }
}
