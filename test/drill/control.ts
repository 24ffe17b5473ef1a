// A control for what is said of event loops: one that has nothing to do. When it is late as well, the machine is, and no node.

/** As a node measures its own, and as the alert judges it. */
const TICK_MS = 100
const LATE_MS = 100
const LATE_SHARE = 0.01
/** What the alert looks back on, as shipped. */
const WINDOW_MS = 300_000

/** Pure. Whether more than one tick in a hundred was late in any stretch of so many; fewer ticks than that are one stretch. */
export function isLate(latenessMs: readonly number[], ticks: number): boolean {
  const late = latenessMs.map((ms) => (ms > LATE_MS ? 1 : 0))
  const length = Math.min(ticks, late.length)
  let count = 0
  for (const [index, one] of late.entries()) {
    count += one - (late[index - length] ?? 0)
    if (index + 1 >= length && count > LATE_SHARE * length) return true
  }
  return false
}

/** Ticks until it is stopped. */
export class Control {
  readonly #latenessMs: number[] = []
  readonly #timer: NodeJS.Timeout

  constructor() {
    let due = performance.now() + TICK_MS
    const tick = (): void => {
      const now = performance.now()
      this.#latenessMs.push(Math.max(0, now - due))
      due = now + TICK_MS
      this.#timer.refresh()
    }
    this.#timer = setTimeout(tick, TICK_MS)
  }

  /** Whether it was late as often as makes the alert of a node fire, whose window is so much of what is shipped. */
  wasLate(factor: number): boolean {
    return isLate(this.#latenessMs, Math.max(1, Math.round((WINDOW_MS * factor) / TICK_MS)))
  }

  /** Whether this alert says nothing of a node. */
  excuses(alert: string, factor: number): boolean {
    return alert === 'OtpEventLoopLag' && this.wasLate(factor)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
