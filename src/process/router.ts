// The router port: what becomes of a signal whose receiver lives on another node.
import type { Envelope } from './envelope.ts'
import type { ExitReason } from './exit-reason.ts'
import type { Target } from './name.ts'
import type { Pid } from './pid.ts'

/** Is told once that a monitored process has ended: a process of this node, or the other end of a link to a node. */
export interface Watcher {
  down(ref: number, pid: Pid, reason: ExitReason): void
}

/** Implemented by `cluster`; a node alone has `noRouter`. Order is kept between any two processes. */
export interface Router {
  deliver(to: Target, envelope: Envelope, timeoutMs: number): void
  exit(to: Pid, reason: ExitReason): void
  monitor(ref: number, to: Pid, watcher: Watcher): void
  demonitor(ref: number, to: Pid): void
}

/** There is nobody else: calls fail and monitors fire with `noconnection`, everything else is lost, as in OTP. */
export const noRouter: Router = {
  deliver: (_to, envelope) => envelope.replyTo?.fail('noconnection'),
  exit: () => undefined,
  monitor: (ref, to, watcher) => watcher.down(ref, to, 'noconnection'),
  demonitor: () => undefined,
}
