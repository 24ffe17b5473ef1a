// Messages a second of each process, measured between two looks: nothing is counted, and nothing kept, while nobody asks.

/** A rate over less than this is noise; a look this old says nothing of now, and is forgotten. */
const SHORTEST_MS = 500
const TAKE_EVERY_MS = 1000
const LONGEST_MS = 10_000

interface Look {
  readonly at: number
  /** In the order of a walk, which is that of serials. Flat: a list of a hundred thousand would be copied as it grows. */
  readonly serials: Float64Array
  readonly handled: Float64Array
  size: number
}

/** Who is started during a walk has room, too. */
const ROOM = 1024

type Counted = { readonly handled: number } | undefined

/** One walk: is given every process in the order of serials. */
export class RateWalk {
  /** 0: there is nothing to compare with yet. */
  readonly windowMs: number
  readonly #from: Look | undefined
  /** What later walks may compare with. */
  readonly taken: Look | undefined
  #place = 0

  constructor(at: number, from: Look | undefined, taken: Look | undefined) {
    this.windowMs = from === undefined ? 0 : at - from.at
    this.#from = from
    this.taken = taken
  }

  /**
   * Puts into `handled` what each process of a block has handled, -1 where none lives. `first` is the serial of the first place.
   * A loop that does nothing else has the processor wait for the memory of many processes at once: a third of the time.
   */
  take(first: number, processes: readonly Counted[], handled: Float64Array): void {
    for (let i = 0; i < processes.length; i++) {
      const process = processes[i]
      handled[i] = process === undefined ? -1 : process.handled
    }
    const { taken } = this
    if (taken === undefined || taken.size + processes.length > taken.serials.length) return
    let { size } = taken
    for (let i = 0; i < processes.length; i++) {
      const count = handled[i] as number
      if (count < 0) continue
      taken.serials[size] = first + i
      taken.handled[size++] = count
    }
    taken.size = size
  }

  /** Of a process that has handled so much by now; asked in the order of serials, though not of all. */
  rate(serial: number, handled: number): number | null {
    const from = this.#from
    if (from === undefined) return null
    let place = this.#place
    while (place < from.size && (from.serials[place] as number) < serial) place++
    this.#place = place
    const earlier = place < from.size && from.serials[place] === serial ? (from.handled[place] as number) : 0
    return ((handled - earlier) / this.windowMs) * 1000
  }
}

export class RateWindow {
  #last: Look | undefined
  #before: Look | undefined

  /** For about `count` processes. */
  begin(now: number, count: number): RateWalk {
    this.forget(now)
    const last = this.#last
    const from = last !== undefined && now - last.at >= SHORTEST_MS ? last : this.#before
    const taken = last === undefined || now - last.at >= TAKE_EVERY_MS ? newLook(now, count + ROOM) : undefined
    return new RateWalk(now, from, taken)
  }

  /** The walk is over, and what it took is what later ones compare with, unless another one has taken a look meanwhile. */
  end({ taken }: RateWalk): void {
    if (taken === undefined || (this.#last !== undefined && taken.at - this.#last.at < TAKE_EVERY_MS)) return
    this.#before = this.#last
    this.#last = taken
  }

  /** Gives the memory back if nobody has asked for long. */
  forget(now: number): void {
    if (this.#last === undefined || now - this.#last.at <= LONGEST_MS) return
    this.#last = undefined
    this.#before = undefined
  }
}

function newLook(at: number, most: number): Look {
  return { at, serials: new Float64Array(most), handled: new Float64Array(most), size: 0 }
}
