// Handling a message in its own trace, however late that is.
import type { Envelope } from './envelope.ts'
import type { Process } from './process.ts'

/** For a behaviour that handles an event later than it came: in that event's own trace, not in that of the message under way. */
export function inTraceOf<T>(process: Process, { carrier }: Envelope, handle: () => T): T {
  const { tracing } = process.runtime
  if (tracing === undefined) return handle()
  const inside = () => {
    process.trace = tracing.current()
    return handle()
  }
  return carrier === undefined ? tracing.detached(inside) : tracing.resume(carrier, inside)
}
