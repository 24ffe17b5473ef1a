// One end of a wire of the memory network: packets that arrive later, in order, or not at all.
import type { Timer } from '#base'
import type { Wire, WireListener } from './wire.ts'

type Packet = { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'end' } | { readonly kind: 'reset' }

/** What happens to a packet on its way. `hold`: it waits until the path is healed. */
export type Fate = 'pass' | 'lose' | 'hold'

/** What an end asks of the network it lies in. */
export interface Path {
  delayMs(to: string): number
  fate(from: string, to: string): Fate
  after(ms: number, fn: () => void): Timer
  /** TCP's time-out for a connection that lost something for good. */
  readonly brokenMs: number
}

export class MemoryWire implements Wire {
  readonly host: string
  readonly remote: string
  readonly #path: Path
  #other: MemoryWire | undefined
  #listener: WireListener | undefined
  #isOpen = true
  /** The other side may end before anybody listens here. */
  #endedBy: string | undefined
  /** On their way from this end to the other, in order. */
  readonly #inFlight: Packet[] = []
  /** What came while this end does not read, in order. */
  #unread: Packet[] | undefined
  /** Kept back at the other end's door by a cut, in order. */
  #held: Packet[] = []
  /** Something from this end was lost: TCP would never deliver what comes behind the gap. */
  #hasGap = false
  buffered = 0

  private constructor(path: Path, host: string, remote: string) {
    this.#path = path
    this.host = host
    this.remote = remote
  }

  /** Both ends of a new wire. */
  static pair(path: Path, from: string, to: string): [MemoryWire, MemoryWire] {
    const near = new MemoryWire(path, from, to)
    const far = new MemoryWire(path, to, from)
    near.#other = far
    far.#other = near
    return [near, far]
  }

  /** Nothing happens on this end any more, and nothing of it is under way. */
  get isOver(): boolean {
    return !this.#isOpen && this.#held.length === 0 && this.#inFlight.length === 0
  }

  listen(listener: WireListener): void {
    const missed = this.#endedBy
    if (this.#isOpen) this.#listener = listener
    else if (missed !== undefined) this.#path.after(0, () => listener.ended(missed))
  }

  write(bytes: Buffer): void {
    if (this.#isOpen) this.#post({ kind: 'bytes', bytes })
  }

  get #isPaused(): boolean {
    return this.#unread !== undefined
  }

  pause(): void {
    this.#unread ??= []
  }

  resume(): void {
    const unread = this.#unread ?? []
    this.#unread = undefined
    while (unread.length > 0 && !this.#isPaused) this.#take(unread.shift() as Packet)
    // What was read may have stopped reading again.
    if (this.#isPaused) this.#unread = unread
  }

  end(): void {
    this.#shut({ kind: 'end' })
  }

  destroy(): void {
    this.#shut({ kind: 'reset' })
  }

  #shut(last: Packet): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#listener = undefined
    this.#post(last)
  }

  #post(packet: Packet): void {
    if (packet.kind === 'bytes') this.buffered += packet.bytes.length
    this.#inFlight.push(packet)
    const delay = this.#path.delayMs((this.#other as MemoryWire).host)
    this.#path.after(delay, () => this.#arrive(this.#inFlight.shift() as Packet))
  }

  /** At the other end's door. */
  #arrive(packet: Packet): void {
    const other = this.#other as MemoryWire
    const fate = this.#held.length > 0 ? 'hold' : this.#path.fate(this.host, other.host)
    if (fate === 'hold') {
      this.#held.push(packet)
      return
    }
    if (fate === 'lose') {
      if (packet.kind === 'bytes') this.buffered -= packet.bytes.length
      if (!this.#hasGap) this.#path.after(this.#path.brokenMs, () => this.#breakDown())
      this.#hasGap = true
    } else if (this.#hasGap) {
      this.#breakDown()
    } else {
      other.#take(packet)
    }
  }

  /** As a socket: what nobody reads counts as not having left the sender, and an end is seen behind what came before it. */
  #take(packet: Packet): void {
    if (this.#unread !== undefined && this.#isOpen) {
      this.#unread.push(packet)
      return
    }
    if (packet.kind === 'bytes') (this.#other as MemoryWire).buffered -= packet.bytes.length
    if (packet.kind !== 'bytes') this.#ended(packet.kind === 'end' ? 'closed' : 'reset')
    else if (this.#isOpen) this.#listener?.bytes(packet.bytes)
    // Nobody is at home any more: the sender learns it, as by TCP's RST.
    else this.#post({ kind: 'reset' })
  }

  #ended(reason: string): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#endedBy = reason
    const listener = this.#listener
    this.#listener = undefined
    listener?.ended(reason)
  }

  /** Both ends find out for themselves that nothing comes through. */
  #breakDown(): void {
    const other = this.#other as MemoryWire
    this.#ended('timeout')
    other.#ended('timeout')
  }

  /** The path is healed: what was held comes through, behind a delay of its own. */
  heal(): void {
    if (this.#held.length === 0) return
    this.#path.after(this.#path.delayMs((this.#other as MemoryWire).host), () => {
      const held = this.#held
      this.#held = []
      for (const packet of held) this.#arrive(packet)
    })
  }
}
