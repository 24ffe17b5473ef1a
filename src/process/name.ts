// How a process is addressed without knowing where it lives.
import type { NodeId, Pid } from './pid.ts'

/** A name that is unique in the whole cluster; `behaviour` types the calls and labels their counts. */
export class Name<B = unknown> {
  readonly key: string
  readonly behaviourName: string
  declare readonly behaviour?: B

  constructor(key: string, behaviourName: string) {
    this.key = key
    this.behaviourName = behaviourName
  }

  toString(): string {
    return this.key
  }
}

/** A process registered under a local name of one node, as OTP's `{Name, Node}`. */
export class NodeRef<B = unknown> {
  readonly node: NodeId
  readonly name: string
  readonly behaviourName: string
  declare readonly behaviour?: B

  constructor(node: NodeId, name: string, behaviourName = 'unknown') {
    this.node = node
    this.name = name
    this.behaviourName = behaviourName
  }

  toString(): string {
    return `${this.name}@${this.node}`
  }
}

/** Whatever a message can be sent to: a pid, a name of the cluster, a name of some node, or (a string) a name of this node. */
export type Ref<B = unknown> = Pid<B> | Name<B> | NodeRef<B> | string

/** A reference whose node is known. */
export type Target = Pid | NodeRef
