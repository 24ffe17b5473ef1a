// What is measured: a node in this OS process, and others in processes of their own, over TCP on the loopback.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createNode, type Node, type NodeOptions, NodeRef, type Pid, staticTopology, type TlsOptions } from '#otp-labs'
import { Authority } from '#test/support/certificates.ts'
import type { Counter } from './counter.ts'

const FAR_NODE = fileURLToPath(new URL('far-node.ts', import.meta.url))

/** What a node is told when it is started. */
export interface NodeAsked {
  readonly name: string
  readonly peers: readonly string[]
  readonly tls: TlsOptions | undefined
}

export interface BenchCluster {
  readonly near: Node
  /** The counters of the other nodes. */
  readonly far: readonly NodeRef<typeof Counter>[]
}

export function nodeOptions({ name, peers, tls }: NodeAsked): NodeOptions {
  return { name, tls, cluster: 'bench', secret: 'the secret of a benchmark', topologies: [staticTopology({ addresses: peers })] }
}

/** A node here that is linked with `count` others. */
export async function startCluster(count: number, isEncrypted: boolean): Promise<BenchCluster> {
  const authority = new Authority()
  const tls = () => (isEncrypted ? authority.issue() : undefined)
  const near = await createNode(nodeOptions({ name: 'n0', peers: [], tls: tls() }))
  const peers = [near.cluster.address]
  const far: NodeRef<typeof Counter>[] = []
  for (let i = 1; i <= count; i++) {
    const child = fork(FAR_NODE)
    child.send({ name: `n${i}`, peers, tls: tls() } satisfies NodeAsked)
    const [{ address, id }] = (await once(child, 'message')) as [{ address: string; id: string }]
    peers.push(address)
    far.push(new NodeRef(id, 'counter', 'counter'))
  }
  while (far.some(({ node }) => !near.cluster.isLinked(node))) await setImmediate()
  return { near, far }
}

/** The pid of the counter as it is after a trip over the wire. */
export async function farCounter({ near, far }: BenchCluster): Promise<Pid<typeof Counter>> {
  return (await near.call(far[0] as NodeRef<typeof Counter>, 'self', undefined)) as Pid<typeof Counter>
}
