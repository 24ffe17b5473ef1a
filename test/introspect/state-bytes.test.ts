// How large states are, as far as that may be known: who is measured, who is not, and how long anybody is.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeData } from '#cluster'
import { genServer } from '#otp-labs'
import type { Process, StartResult } from '#process'
import { STATE_BYTES_MOST, stateBytes } from '#src/introspect/state-bytes.ts'
import { Box } from '#test/support/box.ts'
import { FakeClock } from '#test/support/fake-clock.ts'

/** What the redactor of `open` does beside. */
let onShow: () => void
let goOn: () => void = () => undefined

const Open = genServer({
  name: 'open',
  init: (content: unknown): { content: unknown; secret: string } => ({ content, secret: 'x'.repeat(1000) }),
  casts: {
    hang: async (state) => {
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
      return state
    },
  },
  observe: {
    state: ({ content }) => {
      onShow()
      return { content }
    },
  },
})
const Shut = genServer({ name: 'shut', init: () => 'content' })

let box: Box
beforeEach(async () => {
  onShow = () => undefined
  box = await Box.formed({ names: ['n1'], node: {} })
})
afterEach(() => box.stop('n1'))

const runtime = () => box.node('n1').runtime
/** A process that runs; `init` of these is synchronous. */
function spawn({ body }: typeof Open | typeof Shut, content?: unknown): Process {
  const started = runtime().spawn(body, content, { cause: 'boot' }) as StartResult
  return runtime().lookup(started.ok ? started.pid : fail()) as Process
}
const fail = (): never => {
  throw new Error('it did not start')
}
const measure = (...processes: (Process | undefined)[]) => box.through(stateBytes(box.clock, processes))

test('it is the bytes of what the behaviour lets be seen', async () => {
  const content = new Map([['a', [1, 2, 3]]])
  expect(await measure(spawn(Open, content), spawn(Open, 'x'))).toEqual([
    encodeData({ content }).byteLength,
    encodeData({ content: 'x' }).byteLength,
  ])
})

test('nothing is known of who shows nothing, is gone, is too large, is no plain data, or whose redactor fails', async () => {
  const large = spawn(Open, new Uint8Array(STATE_BYTES_MOST))
  const opaque = spawn(Open, () => 7)
  expect(await measure(spawn(Shut), undefined, large, opaque)).toEqual([null, null, null, null])
  const failing = spawn(Open, 'x')
  onShow = () => {
    throw new Error('the redactor fails')
  }
  expect(await measure(failing)).toEqual([null])
  expect(failing.isAlive).toBe(true)
})

test('who handles a message is not measured, not waited for, and not told', async () => {
  const busy = spawn(Open, 'x')
  runtime().send(busy.pid, 'cast', 'hang', undefined)
  await box.clock.advance(1)
  const before = box.clock.now()
  expect(await measure(busy)).toEqual([null])
  expect([busy.depth, box.clock.now() - before < 10]).toEqual([0, true])
  goOn()
  await box.clock.advance(1)
  expect(await measure(busy)).toEqual([encodeData({ content: 'x' }).byteLength])
})

test('when the time is over, the rest is not measured', async () => {
  let spent = 0
  class Spent extends FakeClock {
    override now() {
      return super.now() + spent
    }
  }
  let shown = 0
  onShow = () => {
    shown++
    spent += 90
  }
  const clock = new Spent()
  const processes = Array.from({ length: 10 }, () => spawn(Open, 'x'))
  const size = encodeData({ content: 'x' }).byteLength
  const sizes = await clock.through(stateBytes(clock, processes))
  expect(sizes).toEqual([size, size, size, ...Array(7).fill(null)])
  expect(shown).toBe(3)
})
