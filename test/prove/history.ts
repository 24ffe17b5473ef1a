// Pure. What the clients of a cluster noted of one round: every call with all its tries, and what the lots said of themselves. Times are ms of one
// monotonic clock, which stands still while the clients' own program does.

/** How one try of a call ended. `unavailable`: 503; `refused`: nobody listens; `broken`: the connection ended first; `late`: not before the deadline. */
export type Tried = 'answered' | 'unavailable' | 'refused' | 'broken' | 'late' | 'unexpected'

export interface Try {
  readonly node: string
  readonly sentAt: number
  readonly endedAt: number
  readonly how: Tried
}

/** What a lot says to a bid. */
export interface BidAnswer {
  readonly outcome: 'accepted' | 'too_low' | 'closed'
  readonly high: number
  readonly bidder: string | null
}

/** A bid as its bidder knows it; bidders wait for the end of one before they make the next. */
export interface Offer {
  readonly id: string
  readonly bidder: string
  /** The bidder's how-manieth it is. */
  readonly sequence: number
  readonly amount: number
}

/** One call of a client: tried again until it is answered, or its deadline has come. */
export interface Call {
  readonly what: 'open' | 'bid' | 'look'
  readonly lot: string
  readonly offer?: Offer
  readonly sentAt: number
  readonly endedAt: number
  readonly deadlineAt: number
  readonly tries: readonly Try[]
  /** Undefined: there was none, or it was none to this question (`wrong` says what came). */
  readonly answer: BidAnswer | 'done' | undefined
  readonly wrong?: string | undefined
}

/** What a lot says of itself: all it has accepted, in order. */
export interface Account {
  readonly lot: string
  readonly sentAt: number
  readonly endedAt: number
  readonly status: 'open' | 'closed'
  readonly closedAt: string | null
  readonly high: number
  readonly bidder: string | null
  readonly bids: number
  readonly history: readonly { readonly id?: string; readonly bidder: string; readonly amount: number }[]
}

/** One node that was told to end, and came back. */
export interface Restart {
  readonly node: string
  /** Told to end; killed before it had ended by itself, if it was; ended; back and ready. */
  readonly toldAt: number
  /** Whether it was to be killed on its way. */
  readonly isHunted: boolean
  readonly killedAt: number | undefined
  readonly endedAt: number
  readonly readyAt: number
  /** Exit code, or the signal that ended it. */
  readonly ending: string
  readonly moves: Moves
}

/** The children that left a node by handoff, by counts that have to agree. */
export interface Moves {
  /** Lots it had when it was told to end. */
  readonly owned: number
  /** By its log, a line each. */
  readonly logged: number
  /** By its own `otp_handoffs_total` when no lot was left; undefined: it was killed, or was away before it could be asked. */
  readonly counted: number | undefined
  /** By the other nodes' `otp_process_spawns_total` of that cause. */
  readonly received: number
  /** Those of its lots that had another owner when it was gone, less those that were started there by a takeover. */
  readonly found: number
  /** Those that nobody had: their time was over meanwhile. */
  readonly ended: number
}

export interface Round {
  readonly number: number
  readonly store: string
  readonly seed: number
  /** For how long the clients' program did not run. */
  readonly stolenMs: number
  readonly calls: readonly Call[]
  readonly accounts: readonly Account[]
  /** Lots that were to close within the round; each has given an account after that time. */
  readonly toClose: readonly string[]
  readonly restarts: readonly Restart[]
}
