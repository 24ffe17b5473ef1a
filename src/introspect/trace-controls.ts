// The port through which operators say, while a node runs, how much of it is traced.

/** What spans are about: messages, lives of processes, the cluster. */
export type TraceScope = 'otp.message' | 'otp.lifecycle' | 'otp.cluster'

/** Changes hold at once and for this life of the node; where traces go nowhere they change nothing. */
export interface TraceControls {
  /** The share of requests from outside that are kept, with all that follows from them; of the other scopes the share of their spans. 0–1. */
  readonly sampling: Readonly<Record<TraceScope, number>>
  /** Throws `ERR_OTP_TELEMETRY_BAD_RATIO` for what is no share. */
  setSampling(scope: TraceScope, ratio: number): void
  /** Behaviours whose messages make no spans, by name. */
  readonly untraceable: readonly string[]
  /** Without spans of its own, a call still passes the trace on; a cast ends it. Crashes and restarts are traced as ever. */
  setTraceable(behaviour: string, isTraceable: boolean): void
}
