// States carry the protocol: what the compiler takes and refuses of a gen_statem. `tsc` reads this file; the test only says that it is there.
import { expectTypeOf, test } from 'vitest'
import { type ChildSpec, genStatem, ignore, keepState, keepStateAndData, nextState, repeatState, stop, stopAndReply } from '#otp'
import type { Node } from '#otp-labs'
import type { ReplyTo } from '#process'

const Door = genStatem({
  name: 'door',
  init: (code: string) => (code === '' ? ignore : code === '0' ? stop('weak') : nextState('locked', { code, tries: 0 })),
  states: {
    locked: {
      enter: (data, previous) => keepState(data, previous === 'open' ? { timeouts: { reminder: 1000 } } : {}),
      calls: {
        unlock: (data, code: string) =>
          code === data.code
            ? nextState('open', { ...data, tries: 0 }, { reply: 'welcome', stateTimeout: 5000 })
            : keepState({ ...data, tries: data.tries + 1 }, { reply: 'wrong' }),
        later: (_data, _n: number) => keepStateAndData({ postpone: true }),
      },
      casts: { reset: (data) => repeatState({ ...data, tries: 0 }) },
      timeouts: { reminder: () => keepStateAndData() },
    },
    open: {
      stateTimeout: (data) => nextState('locked', data),
      calls: {
        unlock: () => keepStateAndData({ reply: 'open already' }),
        later: (data, n: number) => keepState(data, { reply: n }),
        leave: async (data) => stop('normal', data, 'bye'),
      },
    },
  },
  all: {
    calls: { tries: ({ tries }) => keepStateAndData({ reply: tries }) },
    casts: { answer: (data, from: ReplyTo) => stopAndReply('normal', data, [[from, 1]]) },
  },
})

function calls(node: Node): void {
  const door = Door.named('d')
  // One answer for all states that handle the call.
  expectTypeOf(node.call(door, 'unlock', '1234')).toEqualTypeOf<Promise<'welcome' | 'wrong' | 'open already'>>()
  expectTypeOf(node.call(door, 'tries')).toEqualTypeOf<Promise<number>>()
  expectTypeOf(node.call(door, 'later', 5)).toEqualTypeOf<Promise<number>>()
  expectTypeOf(node.call(door, 'leave')).toEqualTypeOf<Promise<'bye'>>()
  void node.call(door, 'unlock', '1234', { timeoutMs: 10 })
  node.cast(door, 'reset')

  // @ts-expect-error no state has such a call
  void node.call(door, 'lock')
  // @ts-expect-error the payload has another type
  void node.call(door, 'unlock', 1234)
  // @ts-expect-error the payload is missing
  void node.call(door, 'unlock')
  // @ts-expect-error a cast is no call
  void node.call(door, 'reset')
  // @ts-expect-error no state has such a cast
  node.cast(door, 'unlock', '1234')
  // @ts-expect-error the payload is missing
  node.cast(door, 'answer')
}

function states(): void {
  const name = 'lamp'
  const init = () => nextState('off', 0)
  genStatem({ name, init, states: { off: { casts: { push: (n) => nextState('on', n + 1) } }, on: {} } })
  // @ts-expect-error the first state is none of them
  genStatem({ name, init, states: { on: {} } })
  // @ts-expect-error there is no such next state
  genStatem({ name, init, states: { off: { casts: { push: (n) => nextState('of', n + 1) } } } })
  // @ts-expect-error the next data has another type
  genStatem({ name, init, states: { off: { casts: { push: () => nextState('off', 'text') } } } })
  // @ts-expect-error an event has to lead somewhere
  genStatem({ name, init, states: { off: { casts: { push: (n) => n } } } })
  // @ts-expect-error entering a state leads to no other
  genStatem({ name, init, states: { off: { enter: (n) => nextState('on', n) }, on: {} } })
  // @ts-expect-error the end has the data, too
  genStatem({ name, init, states: { off: { infos: { end: () => stop('normal') } } } })
  // @ts-expect-error all states lead to states that there are
  genStatem({ name, init, states: { off: {} }, all: { infos: { go: (n: number) => nextState('nowhere', n) } } })
}

function childSpecs(): void {
  const good: ChildSpec<typeof Door> = { id: 'a', start: [Door, '1234'] }
  // @ts-expect-error init takes a string
  const number: ChildSpec<typeof Door> = { id: 'a', start: [Door, 5] }
  void [good, number]
}

test('calls, casts, states and child specifications of a gen_statem are checked by the compiler', () => {
  void [calls, states, childSpecs]
})
