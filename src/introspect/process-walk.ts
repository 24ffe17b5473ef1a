// The processes of one node that matter most, found in one walk over all of them that holds nobody up.
import { PROCESS_BLOCK, type Process, type ProcessBlock, type Runtime } from '#process'
import type { History } from './history.ts'
import { type ProcessInfo, processInfo } from './process-info.ts'
import { comparePlaces, matches, type ProcessOrder, type ProcessPlace, type ProcessQuery } from './process-order.ts'
import { RateWindow } from './rate-window.ts'
import { inSlices } from './slices.ts'
import { Top } from './top.ts'

export interface ProcessRow extends ProcessInfo {
  /** Messages handled a second; null while it is not known. */
  readonly perSecond: number | null
  /** Of the child that it is. */
  readonly restarts: number
}

export interface ProcessPage {
  readonly rows: readonly { readonly place: ProcessPlace; readonly row: ProcessRow }[]
  readonly matching: number
  readonly windowMs: number
}

interface Candidate extends ProcessPlace {
  readonly process: Process
  readonly rate: number | null
}

/** Rates are forgotten, and their memory given back, when nobody has asked for so long. */
const FORGET_MS = 11_000
/** Blocks between two looks at the clock. */
const BLOCKS_A_LOOK = 8

export class ProcessWalk {
  readonly #runtime: Runtime
  readonly #history: History
  readonly #rates = new RateWindow()
  /** From the monotonic clock to the wall clock: taken once, so that a place in the list stays where it is. */
  readonly #toWall: number

  constructor(runtime: Runtime, history: History) {
    this.#runtime = runtime
    this.#history = history
    this.#toWall = runtime.clock.wall() - runtime.clock.now()
  }

  async page(query: ProcessQuery): Promise<ProcessPage> {
    const { clock, id: node } = this.#runtime
    const { sort, limit, after } = query
    const rates = this.#rates.begin(clock.now(), this.#runtime.processCount)
    const top = new Top<Candidate>(limit, comparePlaces)
    let matching = 0
    const isFiltered = query.behaviour !== undefined || query.supervisor !== undefined || query.name !== undefined
    const handledBy = new Float64Array(PROCESS_BLOCK)
    // Most lose by their keys, or come later with the same as the last one that stays: nothing is made of them.
    let leastKey = Number.NEGATIVE_INFINITY
    let leastTie = 0
    const visit = ({ first, processes }: ProcessBlock): void => {
      rates.take(first, processes, handledBy)
      for (let i = 0; i < processes.length; i++) {
        const process = processes[i]
        if (process === undefined || (isFiltered && !matches(query, process))) continue
        matching++
        const handled = handledBy[i] as number
        const serial = first + i
        const key = sort === 'rate' ? (rates.rate(serial, handled) ?? 0) : this.#keyOf(sort, process)
        const tie = sort === 'mailbox' ? handled : 0
        if (key < leastKey || (key === leastKey && tie <= leastTie)) continue
        const candidate: Candidate = { key, tie, node, serial, process, rate: rates.rate(serial, handled) }
        if (after !== undefined && comparePlaces(after, candidate) >= 0) continue
        top.offer(candidate)
        const { last } = top
        if (last === undefined) continue
        leastKey = last.key
        leastTie = last.tie
      }
    }
    await inSlices(clock, this.#runtime.processBlocks(), visit, BLOCKS_A_LOOK)
    this.#rates.end(rates)
    clock.after(FORGET_MS, () => this.#rates.forget(clock.now()))
    const rows = top
      .items()
      .map(({ key, tie, serial, process, rate }) => ({ place: { key, tie, node, serial }, row: this.row(process, rate) }))
    return { rows, matching, windowMs: Math.round(rates.windowMs) }
  }

  /** What a row is ordered by. Starts are told by the wall clock, which nodes share. */
  #keyOf(sort: Exclude<ProcessOrder, 'rate'>, process: Process): number {
    switch (sort) {
      case 'mailbox':
        return process.depth
      case 'oldest':
        return process.oldestMs
      case 'handled':
        return process.handled
      case 'busy':
        return process.handlingMs
      case 'restarts':
        return this.#history.restartsOfChild(process.pid).count
      case 'age':
        return -Math.round((this.#toWall + process.startedMono) * 1000) / 1000
    }
  }

  /** What a list shows of one process. */
  row(process: Process, rate: number | null): ProcessRow {
    return {
      ...processInfo(process),
      perSecond: rate === null ? null : Math.round(rate * 10) / 10,
      restarts: this.#history.restartsOfChild(process.pid).count,
    }
  }
}
