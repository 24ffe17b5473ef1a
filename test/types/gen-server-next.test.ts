// What a callback may say is next: a continue that there is, with its argument, or a time-out. `tsc` reads this file; the test only says that it is there.
import { expectTypeOf, test } from 'vitest'
import { genServer, ignore, noReply, ok, reply, stop } from '#otp'
import type { Node } from '#otp-labs'

const Loader = genServer({
  name: 'loader',
  init: (n: number) => (n < 0 ? ignore : n === 0 ? stop('zero') : ok({ n }, { continue: 'load', argument: 5 })),
  continues: {
    load: (state, by: number) => ({ n: state.n + by }),
    again: (state) => noReply(state, { continue: 'load', argument: 1 }),
    async end(state) {
      return stop('normal', state)
    },
  },
  calls: {
    look: (state) => reply(state.n, state, { timeoutMs: 100 }),
    more: (state) => reply('ok', state, { continue: 'load', argument: 1 }),
    later: async (state) => noReply(state, { continue: 'again' }),
  },
  casts: {
    set: (_state, n: number) => noReply({ n }, { continue: 'again' }),
    wait: (state) => noReply(state, { timeoutMs: 'infinity' }),
    same: (state) => state,
  },
  infos: { timeout: (state) => stop('normal', state) },
})

const Slow = genServer({
  name: 'slow',
  init: async (title: string) => (title === '' ? stop('untitled') : { title }),
  calls: { look: (state) => reply(state.title, state) },
})

function answers(node: Node): void {
  expectTypeOf(node.call(Loader.named('l'), 'look')).toEqualTypeOf<Promise<number>>()
  expectTypeOf(node.call(Loader.named('l'), 'more')).toEqualTypeOf<Promise<'ok'>>()
  expectTypeOf(node.call(Slow.named('s'), 'look')).toEqualTypeOf<Promise<string>>()
  // @ts-expect-error a continue is no cast
  node.cast(Loader.named('l'), 'load', 5)
}

function nexts(): void {
  const base = { name: 'x', init: () => 0, continues: { load: (n: number, by: number) => n + by } }
  // @ts-expect-error there is no such continue
  genServer({ ...base, calls: { bad: (n) => reply('ok', n, { continue: 'lod' }) } })
  // @ts-expect-error its argument has another type
  genServer({ ...base, calls: { bad: (n) => reply('ok', n, { continue: 'load', argument: 'x' }) } })
  // @ts-expect-error a continue or a time-out, not both
  genServer({ ...base, calls: { bad: (n) => reply('ok', n, { continue: 'load', timeoutMs: 5 }) } })
  // @ts-expect-error there is no such continue
  genServer({ ...base, casts: { bad: (n) => noReply(n, { continue: 'lod' }) } })
  // @ts-expect-error nor for an info
  genServer({ ...base, infos: { bad: (n) => noReply(n, { continue: 'lod' }) } })
  // @ts-expect-error nor for the start
  genServer({ ...base, init: () => ok(0, { continue: 'lod' }) })
  // @ts-expect-error the end of a callback has the state, too
  genServer({ ...base, calls: { bad: () => stop('x') } })
  // @ts-expect-error `ok` is for the start alone
  genServer({ ...base, casts: { bad: (n) => ok(n) } })
}

test('what a callback says is next is checked by the compiler', () => {
  void [answers, nexts]
})
