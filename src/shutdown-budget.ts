// How long each part of a node's end may take, and what follows for whoever waits for it: itself, its launcher, Kubernetes. Pure.

/** In order, ms. What a manifest or a timer needs is derived from these and nothing else. */
export const SHUTDOWN_BUDGET = {
  /** Before the signal, so that endpoints stop pointing to the node. Inside Kubernetes' grace period. */
  preStopMs: 5000,
  /** Children are handed over: the default of `OTP_DRAIN_MS`. */
  drainMs: 45_000,
  /** Answers under way are finished. */
  requestsMs: 5000,
  /** Applications and children end in order, 5 s each by default, one below the other; copies of states go elsewhere. */
  stopMs: 15_000,
  /** Telemetry sends what it has. */
  flushMs: 3000,
  /** Between the process's own last resort and the one of whoever runs it. */
  marginMs: 15_000,
} as const

/** After so long a node's process ends by itself, whatever is left: the default of `OTP_SHUTDOWN_TIMEOUT_MS`. */
export function exitWithinMs(drainMs: number = SHUTDOWN_BUDGET.drainMs): number {
  const { requestsMs, stopMs, flushMs } = SHUTDOWN_BUDGET
  return drainMs + requestsMs + stopMs + flushMs
}

/** What Kubernetes has to be told as `terminationGracePeriodSeconds`. */
export function gracePeriodSeconds(drainMs: number = SHUTDOWN_BUDGET.drainMs): number {
  const { preStopMs, marginMs } = SHUTDOWN_BUDGET
  return Math.ceil((preStopMs + exitWithinMs(drainMs) + marginMs) / 1000)
}
