// A state that is sent in pieces, so that a large one neither fills a link nor keeps heartbeats waiting. Pure.

/** Small enough that what is queued behind one piece waits for well under a millisecond. */
export const PIECE_BYTES = 64 * 1024
/** Pieces on their way at once: the next leaves when one has arrived. */
const WINDOW = 4

/** The source's side: which pieces may leave now. */
export class OutgoingState {
  readonly #bytes: Uint8Array
  #sent = 0
  #arrived = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get size(): number {
    return this.#bytes.byteLength
  }

  /** What of it the target has. */
  get got(): number {
    return this.#arrived
  }

  /** The pieces that may leave; they count as sent. */
  *next(): Generator<Uint8Array> {
    while (this.#sent < this.size && this.#sent - this.#arrived < WINDOW * PIECE_BYTES) {
      const end = Math.min(this.#sent + PIECE_BYTES, this.size)
      yield this.#bytes.subarray(this.#sent, end)
      this.#sent = end
    }
  }

  /** The target has so many bytes. Whether that is news; what was never sent cannot have arrived. */
  arrived(bytes: number): boolean {
    if (bytes <= this.#arrived || bytes > this.#sent) return false
    this.#arrived = bytes
    return true
  }
}

/** The target's side. Room is made as pieces come, not when somebody says how much there will be. */
export class IncomingState {
  readonly #pieces: Uint8Array[] = []
  readonly #size: number
  #got = 0

  constructor(size: number) {
    this.#size = size
  }

  get got(): number {
    return this.#got
  }

  get isWhole(): boolean {
    return this.#got === this.#size
  }

  /** Whether the piece fits: more than was announced is no state. */
  take(piece: Uint8Array): boolean {
    if (piece.byteLength === 0 || this.#got + piece.byteLength > this.#size) return false
    this.#pieces.push(piece)
    this.#got += piece.byteLength
    return true
  }

  bytes(): Uint8Array {
    return this.#pieces.length === 1 ? (this.#pieces[0] as Uint8Array) : Buffer.concat(this.#pieces)
  }
}
