// A clock whose timers run outside every trace.
import type { Clock } from '#base'
import type { Tracing } from './tracing.ts'

/** A timer that was set while a request was handled would otherwise go on in that request's trace for as long as it is set again. */
export function detachedClock(clock: Clock, tracing: Tracing): Clock {
  return {
    now: clock.now.bind(clock),
    wall: () => clock.wall(),
    after: (ms, fn) => clock.after(ms, () => tracing.detached(fn)),
    soon: (fn) => clock.soon(() => tracing.detached(fn)),
  }
}
