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

/** One walk: is given every process in the order of serials, and answers its rate. */
export interface RateWalk {
  /** 0: there is nothing to compare with yet. */
  readonly windowMs: number
  rate(serial: number, handled: number): number | null
  end(): void
}

export class RateWindow {
  #last: Look | undefined
  #before: Look | undefined

  /** For about `count` processes. */
  begin(now: number, count: number): RateWalk {
    if (this.#last !== undefined && now - this.#last.at > LONGEST_MS) {
      this.#last = undefined
      this.#before = undefined
    }
    const last = this.#last
    const from = last !== undefined && now - last.at >= SHORTEST_MS ? last : this.#before
    const taken = last === undefined || now - last.at >= TAKE_EVERY_MS ? newLook(now, count + ROOM) : undefined
    let place = 0
    return {
      windowMs: from === undefined ? 0 : now - from.at,
      rate: (serial, handled) => {
        if (taken !== undefined && taken.size < taken.serials.length) {
          taken.serials[taken.size] = serial
          taken.handled[taken.size++] = handled
        }
        if (from === undefined) return null
        while (place < from.size && (from.serials[place] as number) < serial) place++
        const earlier = place < from.size && from.serials[place] === serial ? (from.handled[place] as number) : 0
        return ((handled - earlier) / (now - from.at)) * 1000
      },
      end: () => {
        if (taken === undefined || this.#last !== last) return
        this.#before = last
        this.#last = taken
      },
    }
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
