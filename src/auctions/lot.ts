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
}

export interface LotState extends LotArgument {
  readonly status: 'open' | 'closed'
  readonly high: number
  readonly bidder: string | undefined
  /** Bids accepted. */
  readonly bids: number
}

/** How a bid fared: `too_low` and `closed` say what it lost against. */
export interface BidAnswer {
  readonly outcome: 'accepted' | 'too_low' | 'closed'
  readonly high: number
  readonly bidder: string | undefined
}

/** For so long a closed lot still says who got it, then its process ends. */
const SHOWN_AFTER_CLOSE_MS = 30_000

export const Lot = genServer({
  name: 'lot',
  version: '1',
  init: (argument: LotArgument, self: Self): LotState =>
    withTimer({ ...argument, status: 'open', high: argument.reserve, bidder: undefined, bids: 0 }, self),
  // No accepted bid is lost with its node: who is told "accepted" is told so when it is written.
  persist: { version: 1, load: (data, _version, self): LotState => withTimer(data as LotState, self) },
  calls: {
    bid: (state, { bidder, amount }: Bid) => {
      const outcome = state.status === 'closed' ? 'closed' : amount > state.high ? 'accepted' : 'too_low'
      const next = outcome === 'accepted' ? { ...state, high: amount, bidder, bids: state.bids + 1 } : state
      return reply({ outcome, high: next.high, bidder: next.bidder } satisfies BidAnswer, next)
    },
    look: (state) => reply(state, state),
  },
  casts: {
    /** For fault drills: what a defect in a callback does. */
    crash: (): LotState => {
      throw new Error('a crash was asked for')
    },
  },
  infos: {
    close: (state, _nothing, self) => withTimer({ ...state, status: 'closed' }, self),
    end: (state) => stop('normal', state),
  },
  handoff: true,
})

/** Sets the timer that comes next in the lot's life, wherever that goes on. */
function withTimer(state: LotState, self: Self): LotState {
  if (state.status === 'closed') self.sendAfter(SHOWN_AFTER_CLOSE_MS, 'end')
  else if (state.closesAt !== undefined) self.sendAfter(Math.max(0, state.closesAt - systemClock.wall()), 'close')
  return state
}
