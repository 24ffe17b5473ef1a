// How busy and how late the event loop is, sampled all the time: a gauge that resets at each scrape would lie to the second scraper.
import type { Clock } from '#otp-labs'

const TICK_MS = 100
/** Ticks in the window over which utilization is taken. */
const WINDOW = 50

/** Where the samples go. */
export interface EventLoopSink {
  lag(seconds: number): void
  utilization(ratio: number): void
}

/** Begins at once and never keeps the OS process alive; the answer ends it. */
export function sampleEventLoop(clock: Clock, sink: EventLoopSink, measure = performance.eventLoopUtilization): () => void {
  let due = clock.now() + TICK_MS
  let ticks = 0
  let from = measure()
  let timer: ReturnType<Clock['after']>
  const tick = () => {
    const now = clock.now()
    sink.lag(Math.max(0, now - due) / 1000)
    if (++ticks % WINDOW === 0) {
      const to = measure()
      sink.utilization(measure(to, from).utilization)
      from = to
    }
    due = now + TICK_MS
    timer = clock.after(TICK_MS, tick)
  }
  timer = clock.after(TICK_MS, tick)
  return () => timer.cancel()
}
