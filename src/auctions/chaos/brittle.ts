// Supervisors whose children crash when they are told to: what a dependency does that several of them share.
import { genServer, type Node, supervisor } from '#otp-labs'

const Brittle = genServer({
  name: 'brittle',
  init: () => 0,
  casts: {
    crash: (): never => {
      throw new Error('a crash was asked for')
    },
  },
})

/** More than any storm has: these do not give up. */
const MOST_RESTARTS = 1_000_000

const childOf = (number: number): string => `brittle-${number}`

/** Starts those of so many that are not there yet, on this node alone: `chaos-1`, `chaos-2` and so on, each with one child. */
export async function startBrittle(node: Node, supervisors: number): Promise<void> {
  for (let number = 1; number <= supervisors; number++) {
    const name = childOf(number)
    if (node.runtime.whereis(name) !== undefined) continue
    const children = [{ id: name, start: [Brittle] as const, name }]
    const { body } = supervisor({ name: `chaos-${number}`, maxRestarts: MOST_RESTARTS, children })
    await node.runtime.spawn(body, undefined, { cause: 'call' })
  }
}

/** One child of each crashes; what is just being restarted does not. */
export function crashBrittle(node: Node, supervisors: number): void {
  for (let number = 1; number <= supervisors; number++) {
    const child = node.runtime.whereis(childOf(number))
    if (child !== undefined) node.runtime.send(child, 'cast', 'crash', undefined)
  }
}
