// The fact that a process has ended, as it is stated.
import type { ProcessEvents } from './events.ts'
import { type ExitReason, exitClass } from './exit-reason.ts'
import type { RecordedMessage } from './flight-record.ts'
import type { Process } from './process.ts'

/** `flight` is read only for a crash: other ends need no explanation. */
export function exitFact(
  process: Process,
  reason: ExitReason,
  flight: () => RecordedMessage[] | undefined,
): ProcessEvents['process.exited'] {
  const { pid, body, origin, current, runtime } = process
  const kind = exitClass(reason)
  return {
    pid,
    behaviour: body.name,
    supervisor: origin.supervisor,
    child: origin.child,
    reason,
    class: kind,
    endedAt: runtime.clock.wall(),
    lifetimeMs: Math.round(runtime.clock.now() - process.startedMono),
    handled: process.handled,
    handling: current === undefined ? undefined : `${current.kind} ${current.name}`,
    trace: process.trace,
    flight: kind === 'error' ? flight() : undefined,
  }
}
