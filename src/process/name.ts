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

/** A name that something else on this node resolves, each time it is used: OTP's `{via, Module, Name}`. It does not cross the wire. */
export class Via<B = unknown> {
  readonly whereis: () => Pid | undefined
  readonly behaviourName: string
  readonly #text: string
  declare readonly behaviour?: B

  constructor(whereis: () => Pid | undefined, text: string, behaviourName = 'unknown') {
    this.whereis = whereis
    this.behaviourName = behaviourName
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** A name under which something else on this node registers a process that is started, as `{via, Module, Name}` at a start. */
export interface ViaName {
  whereis(): Pid | undefined
  /** Before `init` runs; whoever registers it sees to it that the name goes with the process. */
  register(pid: Pid): void
}

/** Whatever a message can be sent to: a pid, a name of the cluster, a name of some node or of a registry, or (a string) a name of this node. */
export type Ref<B = unknown> = Pid<B> | Name<B> | NodeRef<B> | Via<B> | string

/** A reference whose node is known. */
export type Target = Pid | NodeRef
