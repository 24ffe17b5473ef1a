// The behaviours under proof: their processes note each message that they handle, and ticks are never wanting.
import { writeSync } from 'node:fs'
import { type Behaviour, genServer, reply, type Self } from '#otp-labs'
import { monotonic } from '#test/system/support/monotonic.ts'
import { beginLine, endLine, type Handled } from './handled.ts'

const TICK_MS = 20

/** Notes what is handled: each line is in the kernel's hands before the process goes on, so that a kill loses none. */
function noting(file: number) {
  return <T>(what: Handled['what'], name: string, self: Self, handle: (epoch: number) => T): T => {
    // Without an arbiter there is none.
    const epoch = self.fencingToken ?? 0
    writeSync(file, beginLine({ name, pid: self.pid.toString(), what, epoch, begin: monotonic() }))
    try {
      return handle(epoch)
    } finally {
      writeSync(file, endLine(monotonic()))
    }
  }
}

/** By turns: `kept` moves with its state, `anew` begins anew wherever it comes. */
export function holders(node: string, file: number) {
  const note = noting(file)
  const define = (behaviour: string, handoff: { handoff?: true }) =>
    genServer({
      name: behaviour,
      init: (name: string, self) =>
        note('init', name, self, () => {
          self.sendInterval(TICK_MS, 'tick')
          return name
        }),
      calls: { who: (name, _: undefined, self) => note('message', name, self, (epoch) => reply({ node, epoch }, name)) },
      casts: {
        touch: (name, _: undefined, self) => note('message', name, self, () => name),
        crash: (name, _: undefined, self) =>
          note('message', name, self, () => {
            throw new Error('asked to crash')
          }),
        freeze: (name, forMs: number, self) =>
          note('freeze', name, self, () => {
            // As a debugger or a full disk does it: nothing of the process goes on.
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs)
            return name
          }),
      },
      infos: { tick: (name, _: undefined, self) => note('message', name, self, () => name) },
      ...handoff,
    })
  return { kept: define('kept', { handoff: true }), anew: define('anew', {}) } satisfies Record<string, Behaviour<string>>
}
