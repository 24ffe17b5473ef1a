// A lot under the hammer: one process, that takes bids, tells how it stands, and closes by its own timer.
import { genServer, reply, type Self, stop, systemClock } from '#otp-labs'

/** What a lot is started with: plain data, so that it can be started again on any node, and closes when it was to close. */
export interface LotArgument {
  readonly title: string
  /** The first bid has to be above this. */
  readonly reserve: number
  /** Wall clock, ms; undefined: it stays open. */
  readonly closesAt?: number | undefined
}

export interface Bid {
  readonly bidder: string
  readonly amount: number
  /** The bidder's own number of it: asked again with the same id, a bid that was accepted is answered so again, and counts once. */
  readonly id?: string | undefined
}

/** How a lot stands. */
export interface LotView extends LotArgument {
  readonly status: 'open' | 'closed'
  /** Wall clock, ms: when its timer has closed it. */
  readonly closedAt?: number | undefined
  readonly high: number
  readonly bidder: string | undefined
  /** Bids accepted. */
  readonly bids: number
}

export interface LotState extends LotView {
  /** The last `REMEMBERED` accepted bids, in the order in which they were. */
  readonly history: readonly Bid[]
}

/** How a bid fared: `too_low` and `closed` say what it lost against. */
export interface BidAnswer {
  readonly outcome: 'accepted' | 'too_low' | 'closed'
  readonly high: number
  readonly bidder: string | undefined
}

/** So many accepted bids a lot remembers: it is all written with each further one. */
const REMEMBERED = 256
/** And so many of them the observer shows. */
const SHOWN_BIDS = 10
/** For so long a closed lot still says who got it, then its process ends. */
const SHOWN_AFTER_CLOSE_MS = 30_000

export const Lot = genServer({
  name: 'lot',
  version: '1',
  init: (argument: LotArgument, self: Self): LotState =>
    withTimer({ ...argument, status: 'open', high: argument.reserve, bidder: undefined, bids: 0, history: [] }, self),
  // No accepted bid is lost with its node: who is told "accepted" is told so when it is written.
  persist: { version: 2, load: (data, _version, self): LotState => withTimer(loaded(data), self) },
  calls: {
    bid: (state, bid: Bid) => {
      const outcome = outcomeOf(state, bid)
      const next = outcome === 'accepted' && !isKnown(state, bid) ? accept(state, bid) : state
      return reply({ outcome, high: next.high, bidder: next.bidder } satisfies BidAnswer, next)
    },
    look: (state) => {
      const { history: _, ...view } = state
      return reply(view satisfies LotView, state)
    },
    history: (state) => reply(state, state),
  },
  casts: {
    /** For fault drills: what a defect in a callback does. */
    crash: (): LotState => {
      throw new Error('a crash was asked for')
    },
  },
  infos: {
    close: (state, _nothing, self) => withTimer({ ...state, status: 'closed', closedAt: systemClock.wall() }, self),
    end: (state) => stop('normal', state),
  },
  handoff: { version: 1, load: loaded },
  // No more than `GET /lots/:id` and its bids show to anybody.
  observe: { state: ({ history, ...view }) => ({ ...view, lastBids: history.slice(-SHOWN_BIDS) }) },
})

/** Releases before wrote no history. */
function loaded(data: unknown): LotState {
  return { history: [], ...(data as Omit<LotState, 'history'>) }
}

function isKnown({ history }: LotState, { id }: Bid): boolean {
  return id !== undefined && history.some((known) => known.id === id)
}

function outcomeOf(state: LotState, bid: Bid): BidAnswer['outcome'] {
  if (isKnown(state, bid)) return 'accepted'
  if (state.status === 'closed') return 'closed'
  return bid.amount > state.high ? 'accepted' : 'too_low'
}

function accept(state: LotState, bid: Bid): LotState {
  return { ...state, high: bid.amount, bidder: bid.bidder, bids: state.bids + 1, history: [...state.history, bid].slice(-REMEMBERED) }
}

/** Sets the timer that comes next in the lot's life, wherever that goes on. */
function withTimer(state: LotState, self: Self): LotState {
  if (state.status === 'closed') self.sendAfter(SHOWN_AFTER_CLOSE_MS, 'end')
  else if (state.closesAt !== undefined) self.sendAfter(Math.max(0, state.closesAt - systemClock.wall()), 'close')
  return state
}
