// The processes of one node by serial number: a table of short pages, since serials only ever count up.
import type { Process } from './process.ts'

/** Serials a page. One process that outlives all others of its page keeps so many empty places. */
export const PAGE = 32
/** Copied for each page: a tenth of the time of making it anew. */
const EMPTY: readonly (Process | undefined)[] = Array.from({ length: PAGE })

interface Page extends ProcessBlock {
  readonly processes: (Process | undefined)[]
  live: number
}

/** `PAGE` processes that were started one after the other: the one with the serial number `first + i` stands at `i`, while it lives. */
export interface ProcessBlock {
  readonly first: number
  readonly processes: readonly (Process | undefined)[]
}

/** A hash table of every process would be rebuilt, as a whole, each time their number doubles; this one has a page for 32 of them. */
export class ProcessTable {
  readonly #pages = new Map<number, Page>()
  /** The page that starts go to. */
  #page: Page | undefined
  #pageNumber = -1
  #size = 0

  get size(): number {
    return this.#size
  }

  get(serial: number): Process | undefined {
    return this.#pages.get(Math.floor(serial / PAGE))?.processes[serial % PAGE]
  }

  add(process: Process): void {
    const { serial } = process.pid
    const number = Math.floor(serial / PAGE)
    if (number !== this.#pageNumber || this.#page === undefined) {
      if (this.#page?.live === 0) this.#pages.delete(this.#pageNumber)
      this.#pageNumber = number
      this.#page = { first: number * PAGE, processes: EMPTY.slice(), live: 0 }
      this.#pages.set(number, this.#page)
    }
    this.#page.processes[serial % PAGE] = process
    this.#page.live++
    this.#size++
  }

  /** Whether it was there. */
  delete(process: Process): boolean {
    const { serial } = process.pid
    const number = Math.floor(serial / PAGE)
    const page = this.#pages.get(number)
    if (page?.processes[serial % PAGE] !== process) return false
    page.processes[serial % PAGE] = undefined
    this.#size--
    if (--page.live === 0 && page !== this.#page) this.#pages.delete(number)
    return true
  }

  /** In the order in which they were started, block by block: a walk over all of them waits for memory, and a short loop for many at once. */
  blocks(): IterableIterator<ProcessBlock> {
    return this.#pages.values()
  }

  /** In the order in which they were started. */
  *values(): Generator<Process> {
    for (const { processes } of this.#pages.values()) for (const process of processes) if (process !== undefined) yield process
  }
}
