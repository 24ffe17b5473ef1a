// The router port: what becomes of a signal whose receiver lives on another node.
import type { Envelope } from './envelope.ts'
import type { ExitReason } from './exit-reason.ts'
import type { Target } from './name.ts'
import type { Pid } from './pid.ts'
import type { Ties } from './ties.ts'

/** Is told once that a monitored process has ended: a process of this node, or the other end of a link to a node. */
export interface Watcher {
  /** The process that watches, if it is one. */
  readonly pid?: Pid | undefined
  down(ref: number, target: Target, reason: ExitReason): void
}

/** Implemented by `cluster`; a node alone has `noRouter`. Order is kept between any two processes. */
export interface Router {
  deliver(to: Target, envelope: Envelope, timeoutMs: number): void
  exit(from: Pid, to: Pid, reason: ExitReason): void
  monitor(ref: number, to: Target, watcher: Watcher): void
  demonitor(ref: number, to: Target): void
  /** Links a process of this node with one of another; if there is no way to it, as if it had ended with `noconnection`. */
  link(process: Ties, to: Pid): void
  /** After it returns nothing comes along that link any more, though it be on its way already. */
  unlink(process: Ties, to: Pid): void
}

/** There is nobody else: calls fail and monitors fire with `noconnection`, everything else is lost, as in OTP. */
export const noRouter: Router = {
  deliver: (_to, envelope) => envelope.replyTo?.fail('noconnection'),
  exit: () => undefined,
  monitor: (ref, to, watcher) => watcher.down(ref, to, 'noconnection'),
  demonitor: () => undefined,
  link: (process, to) => process.onLinkedExit(to, 'noconnection'),
  unlink: () => undefined,
}
