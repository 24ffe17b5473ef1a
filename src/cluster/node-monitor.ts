// Tells who asks when nodes come up and go down, as OTP's `net_kernel:monitor_nodes`.
import type { NodeId, Pid, Runtime } from '#process'
import type { Cluster } from './cluster.ts'
import type { Change } from './membership.ts'

/** `nodedown` is a death in this node's view, or a goodbye; a link that is lost is neither. */
export interface NodeNews {
  readonly news: 'nodeup' | 'nodedown'
  readonly node: NodeId
  readonly name: string
}

export class NodeMonitor {
  readonly #runtime: Runtime
  readonly #up = new Set<NodeId>()
  readonly #listeners = new Set<(news: NodeNews) => void>()

  constructor(cluster: Cluster, runtime: Runtime) {
    this.#runtime = runtime
    cluster.onChange((change) => this.#onChange(change))
  }

  /** Calls `listener` at each coming and going from now on; the answer ends it. */
  listen(listener: (news: NodeNews) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Sends a process of this node the infos `nodeup` and `nodedown` with `{ node, name }`, until it ends or the answer is called. */
  notify(pid: Pid): () => void {
    const off = this.listen(({ news, node, name }) => this.#runtime.send(pid, 'info', news, { node, name }))
    const ref = this.#runtime.monitor(pid, { down: off })
    return () => {
      off()
      this.#runtime.demonitor(ref, pid)
    }
  }

  #onChange({ member: { id, name, status } }: Change): void {
    const isUp = status !== 'down' && status !== 'left'
    if (isUp === this.#up.has(id)) return
    if (isUp) this.#up.add(id)
    else this.#up.delete(id)
    for (const listener of [...this.#listeners]) listener({ news: isUp ? 'nodeup' : 'nodedown', node: id, name })
  }
}
