// Types carry the protocol: what the compiler takes and refuses of calls and casts. `tsc` reads this file; the test only says that it is there.
import { expectTypeOf, test } from 'vitest'
import { type ChildSpec, genServer, Name, type Node, NodeRef, noReply, type Pid, reply, type Self, stop } from '#otp-labs'

interface Bid {
  readonly bidder: string
  readonly amount: number
}

interface LotState {
  readonly title: string
  readonly high: number
}

const Lot = genServer({
  name: 'lot',
  init: (title: string): LotState => ({ title, high: 0 }),
  calls: {
    bid: (state, { amount }: Bid) => (amount > state.high ? reply('accepted', { ...state, high: amount }) : reply('too_low', state)),
    look: (state) => reply(state, state),
    later: (state, _nothing: undefined, self: Self) => {
      expectTypeOf(self.pid).toEqualTypeOf<Pid>()
      return noReply(state)
    },
    slow: async (state, ms: number) => reply({ ms }, state),
    maybe: (state, verbose?: boolean) => reply(verbose === true ? state.title : undefined, state),
    end: (state) => stop('normal', state, 'bye'),
    leave: (state) => stop('normal', state),
    endOrNot: (state, really: boolean) => (really ? stop('normal', state) : reply(state.high, state)),
  },
  casts: {
    rename: (state, title: string) => ({ ...state, title }),
    reset: (state) => ({ ...state, high: 0 }),
  },
  infos: {
    tick: (state) => state,
  },
})

const Plain = genServer({ name: 'plain', init: () => 0 })

function calls(node: Node): void {
  const lot = Lot.named('lot-1')
  const bid: Bid = { bidder: 'ada', amount: 10 }

  // Answers are read off the callbacks.
  expectTypeOf(node.call(lot, 'bid', bid)).toEqualTypeOf<Promise<'accepted' | 'too_low'>>()
  expectTypeOf(node.call(lot, 'look')).toEqualTypeOf<Promise<LotState>>()
  expectTypeOf(node.call(lot, 'slow', 5)).toEqualTypeOf<Promise<{ readonly ms: number }>>()
  expectTypeOf(node.call(lot, 'maybe')).toEqualTypeOf<Promise<string | undefined>>()
  expectTypeOf(node.call(lot, 'end')).toEqualTypeOf<Promise<'bye'>>()
  expectTypeOf(node.call(lot, 'endOrNot', true)).toEqualTypeOf<Promise<number>>()
  // An answer that comes later, or never, has any type; nothing is `any` for that.
  expectTypeOf(node.call(lot, 'leave')).toEqualTypeOf<Promise<unknown>>()
  expectTypeOf(node.call(lot, 'later')).toEqualTypeOf<Promise<unknown>>()

  // A deadline comes after the payload, also where there is none.
  void node.call(lot, 'bid', bid, { timeoutMs: 100 })
  void node.call(lot, 'look', undefined, { timeoutMs: 100 })
  void node.call(lot, 'maybe', true, { timeoutMs: 100 })

  // @ts-expect-error there is no such call
  void node.call(lot, 'buy', bid)
  // @ts-expect-error a cast is no call
  void node.call(lot, 'rename', 'Sun rock')
  // @ts-expect-error an info is no call
  void node.call(lot, 'tick')
  // @ts-expect-error the payload is missing
  void node.call(lot, 'bid')
  // @ts-expect-error the payload has another type
  void node.call(lot, 'bid', 10)
  // @ts-expect-error part of the payload is missing
  void node.call(lot, 'bid', { amount: 10 })
  // @ts-expect-error a payload where none is taken
  void node.call(lot, 'end', undefined, undefined, 3)
  // @ts-expect-error there is no such option
  void node.call(lot, 'bid', bid, { timeout: 100 })
  // @ts-expect-error the answer is none of these
  expectTypeOf(node.call(lot, 'bid', bid)).toEqualTypeOf<Promise<'sold'>>()
}

function casts(node: Node): void {
  const lot = Lot.named('lot-1')
  node.cast(lot, 'rename', 'Sun rock')
  node.cast(lot, 'reset')
  expectTypeOf(node.cast(lot, 'reset')).toEqualTypeOf<void>()

  // @ts-expect-error there is no such cast
  node.cast(lot, 'sell')
  // @ts-expect-error a call is no cast
  node.cast(lot, 'look')
  // @ts-expect-error the payload is missing
  node.cast(lot, 'rename')
  // @ts-expect-error the payload has another type
  node.cast(lot, 'rename', 5)
}

function references(node: Node, untyped: Pid, typed: Pid<typeof Lot>, remote: NodeRef<typeof Lot>): void {
  // A typed reference of any kind carries the protocol.
  expectTypeOf(node.call(typed, 'look')).toEqualTypeOf<Promise<LotState>>()
  expectTypeOf(node.call(remote, 'look')).toEqualTypeOf<Promise<LotState>>()
  expectTypeOf(node.call(new Name<typeof Lot>('lot-1', 'lot'), 'look')).toEqualTypeOf<Promise<LotState>>()
  // @ts-expect-error there is no such call
  void node.call(typed, 'buy')
  // @ts-expect-error there is no such cast
  node.cast(remote, 'buy')

  // Without a type there is nothing to check, and the answer may be anything.
  expectTypeOf(node.call(untyped, 'whatever', 5)).toEqualTypeOf<Promise<unknown>>()
  expectTypeOf(node.call('observer', 'whatever')).toEqualTypeOf<Promise<unknown>>()
  node.cast(new NodeRef('n1.a', 'observer'), 'whatever', { any: 'thing' })

  // @ts-expect-error a behaviour without calls has none
  void node.call(Plain.named('p'), 'look')
}

function callbacks(self: Self): void {
  expectTypeOf(self.call(Lot.named('lot-1'), 'bid', { bidder: 'ada', amount: 1 })).toEqualTypeOf<Promise<'accepted' | 'too_low'>>()
  // @ts-expect-error the payload has another type
  void self.call(Lot.named('lot-1'), 'bid', 'ada')
  // @ts-expect-error there is no such cast
  self.cast(Lot.named('lot-1'), 'look')
  // @ts-expect-error who runs is not the callback's to say
  self.pid = undefined

  const name = 'bad'
  const init = (): LotState => ({ title: '', high: 0 })
  // @ts-expect-error a call has to answer
  genServer<LotState>({ name, init, calls: { look: () => 'no answer' } })
  // @ts-expect-error a call has to give the next state, of its type
  genServer<LotState>({ name, init, calls: { look: () => reply(1, 'text') } })
  // @ts-expect-error a cast has to give the next state, of its type
  genServer<LotState>({ name, init, casts: { rename: () => 'text' } })
  // @ts-expect-error a cast has nobody to answer
  genServer<LotState>({ name, init, casts: { rename: (state) => reply(1, state) } })
  // @ts-expect-error a server has to have an init
  genServer({ name: 'bad' })
}

function childSpecs(): void {
  const good: ChildSpec<typeof Lot> = { id: 'a', start: [Lot, 'Moon rock'] }
  expectTypeOf(good.start[1]).toEqualTypeOf<string>()
  // @ts-expect-error init takes a string
  const number: ChildSpec<typeof Lot> = { id: 'a', start: [Lot, 5] }
  // @ts-expect-error init takes an argument
  const missing: ChildSpec<typeof Lot> = { id: 'a', start: [Lot] }
  const plain: ChildSpec<typeof Plain> = { id: 'a', start: [Plain] }
  // @ts-expect-error there is no such restart type
  const restart: ChildSpec = { id: 'a', start: [Plain], restart: 'always' }
  // @ts-expect-error there is no such shutdown
  const shutdown: ChildSpec = { id: 'a', start: [Plain], shutdown: 'soon' }
  void [number, missing, plain, restart, shutdown]
}

test('calls, casts, references, callbacks and child specifications are checked by the compiler', () => {
  // Compiled and never run: what counts is that each line that the compiler has to refuse is refused.
  void [calls, casts, references, callbacks, childSpecs]
  expectTypeOf(Lot.named('lot-1')).toEqualTypeOf<Name<typeof Lot>>()
})
