// A node of a measured cluster, in an OS process of its own: node member.ts <name>[,<name>…] <directory> <secret> [<certificates>]. Obeys its parent, and
// ends with it. Of several nodes in one OS process the first obeys; the others are there to be many.
import { Parcel } from '#bench/handoff/commands.ts'
import type { ArbiterFactory } from '#distributed'
import { connectNats } from '#nats'
import { createNode, localTopology, type Node, tlsFromFiles } from '#otp-labs'
import { Counter, commands } from './commands.ts'

/** What the parent asks, and what it is answered. */
export interface Asked {
  readonly id: number
  readonly command: keyof typeof commands
  readonly args: readonly unknown[]
}

/** For `connectNats`, in the environment: OTP_BENCH_ARBITER. */
export interface BenchArbiter {
  readonly servers: readonly string[]
  readonly replicas: number
  readonly leaseMs: number
}

/** How long it took from the node's creation until it may own children. */
export interface Started {
  readonly id: string
  readonly ms: number
}

export type Answered = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: string }

const [names = '', directory = '', secret = '', certificates] = process.argv.slice(2)
const file = (name: string) => `${certificates}/${name}.pem`
const tls = certificates === undefined ? undefined : tlsFromFiles({ certFile: file('cert'), keyFile: file('key'), caFile: file('ca') })
const arbiter = await arbiterOf(process.env.OTP_BENCH_ARBITER)
const options = {
  secret,
  behaviours: [Counter, Parcel],
  topologies: [localTopology({ directory })],
  ...(tls === undefined ? {} : { tls }),
  ...(arbiter === undefined ? {} : { arbiter }),
}
const startedAt = performance.now()
const [node] = (await Promise.all(names.split(',').map((name) => createNode({ name, ...options })))) as [Node]

async function arbiterOf(text: string | undefined): Promise<ArbiterFactory | undefined> {
  if (text === undefined) return undefined
  const { leaseMs, ...where } = JSON.parse(text) as BenchArbiter
  return (await connectNats({ ...where, cluster: 'bench' })).arbiter({ leaseMs })
}

const answer = (answered: Answered) => process.send?.(answered)

process.on('disconnect', () => process.exit(0))
process.on('message', ({ id, command, args }: Asked) => {
  const run = commands[command] as (...given: unknown[]) => Promise<unknown>
  run(node, ...args).then(
    (value) => answer({ id, answer: value }),
    (error: unknown) => answer({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
// The first answer, to no question: it runs, and has merged what its peers know.
answer({ id: 0, answer: { id: node.id, ms: performance.now() - startedAt } satisfies Started })
