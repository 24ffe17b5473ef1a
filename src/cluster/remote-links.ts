// Links between processes of two nodes: what each side keeps of them, and the frames that make and cut them.
import { type ExitReason, type Linked, type NodeId, Pid, type Runtime, type Ties } from '#process'
import type { Cluster } from './cluster.ts'
import { exitReason, sendReason } from './exit-frames.ts'
import { whole } from './frame-check.ts'

/** The far end of a link: stands among the links of this node's process for one of another node. */
interface FarEnd extends Linked {
  readonly process: Ties
  /** The number of the `link` by which this side asked for it last, and of the one by which the other did; 0 for none. */
  readonly asked: number
  seen: number
}

const keyOf = (process: Pid, to: Pid) => `${process.serial} ${to}`

/**
 * Each side keeps its end and tells the other of a change; frames of two nodes keep their order, but those of one side cross those of the
 * other. An end that is not there any more hears nothing, so no exit comes after `unlink`. And an `unlink` says which `link` it has
 * seen last: one that left before a younger `link` came there does not cut that one.
 */
export class RemoteLinks {
  readonly #cluster: Cluster
  readonly #runtime: Runtime
  readonly #ends = new Map<string, FarEnd>()
  #lastLink = 0

  constructor(cluster: Cluster, runtime: Runtime) {
    this.#cluster = cluster
    this.#runtime = runtime
    const near = (serial: unknown) => new Pid(runtime.id, whole(serial, 'serial'))
    const far = (node: NodeId, serial: unknown) => new Pid(node, whole(serial, 'serial'))
    cluster.handle('link', (from, [, to, by, link]) => this.#onLink(near(to), far(from, by), whole(link, 'link')))
    cluster.handle('unlink', (from, [, to, by, seen]) => this.#onUnlink(near(to), far(from, by), whole(seen, 'link')))
    cluster.handle('linked_exit', (from, [, to, by, reason]) => this.#onExit(near(to), far(from, by), exitReason(reason)))
  }

  link(process: Ties, to: Pid): void {
    if (this.#ends.has(keyOf(process.pid, to))) return
    const link = ++this.#lastLink
    if (this.#cluster.send(to.node, ['link', to.serial, process.pid.serial, link])) this.#join(process, to, link, 0)
    else process.onLinkedExit(to, 'noconnection')
  }

  unlink(process: Ties, to: Pid): void {
    const end = this.#cut(process.pid, to)
    if (end !== undefined) this.#cluster.send(to.node, ['unlink', to.serial, process.pid.serial, end.seen])
  }

  /** The link to a node is lost: every process that was linked with one there hears `noconnection`. */
  lost(peer: NodeId): void {
    for (const { pid, process } of this.#ends.values()) {
      if (pid.node === peer) this.#onExit(process.pid, pid, 'noconnection')
    }
  }

  #join(process: Ties, to: Pid, asked: number, seen: number): void {
    const key = keyOf(process.pid, to)
    const end: FarEnd = {
      pid: to,
      process,
      asked,
      seen,
      onLinkedExit: (from, reason) => sendReason(this.#cluster, to.node, ['linked_exit', to.serial, from.serial], reason),
      forgetLink: () => this.#ends.delete(key),
    }
    this.#ends.set(key, end)
    process.addLink(end)
  }

  #cut(process: Pid, to: Pid): FarEnd | undefined {
    const end = this.#ends.get(keyOf(process, to))
    end?.forgetLink(end.process)
    end?.process.forgetLink(end)
    return end
  }

  #onLink(to: Pid, from: Pid, link: number): void {
    const end = this.#ends.get(keyOf(to, from))
    const process = this.#runtime.lookup(to)
    if (end !== undefined) end.seen = link
    else if (process !== undefined) this.#join(process, from, 0, link)
    else this.#cluster.send(from.node, ['linked_exit', from.serial, to.serial, 'noproc'])
  }

  #onUnlink(to: Pid, from: Pid, seen: number): void {
    const end = this.#ends.get(keyOf(to, from))
    if (end !== undefined && end.asked <= seen) this.#cut(to, from)
  }

  #onExit(to: Pid, from: Pid, reason: ExitReason): void {
    this.#cut(to, from)?.process.onLinkedExit(from, reason)
  }
}
