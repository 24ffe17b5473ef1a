// The time of the clients: it stands still while this program itself does not run, since nobody can be blamed for that by those it asks.
import { setTimeout as sleep } from 'node:timers/promises'

const TICK_MS = 10
/** A tick may be so late; what is beyond that counts as not running, for whatever reason. */
const LATE_MS = 50

let stolen = 0
let ticked = performance.now()

/** Monotonic ms. */
export function now(): number {
  const at = performance.now()
  return at - stolen - beyond(at)
}

/** For how long this program has not run since it began. */
export const stolenMs = (): number => stolen

function tick(): void {
  const at = performance.now()
  stolen += beyond(at)
  ticked = at
}

function beyond(at: number): number {
  return Math.max(0, at - ticked - TICK_MS - LATE_MS)
}

setInterval(tick, TICK_MS).unref()

/** Waits until that time has come. */
export async function until(at: number): Promise<void> {
  for (let left = at - now(); left > 0; left = at - now()) await sleep(left)
}

/** Aborts at that time; `stop` lets it be. */
export function deadline(at: number): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController()
  let timer: NodeJS.Timeout
  const look = (): void => {
    const left = at - now()
    if (left <= 0) controller.abort(new DOMException('the deadline has come', 'TimeoutError'))
    else timer = setTimeout(look, Math.ceil(left))
  }
  look()
  return { signal: controller.signal, stop: () => clearTimeout(timer) }
}
