// What each peer has shown to have merged of whom: a matrix of versions (Wuu & Bernstein 1984). Pure.
import type { NodeId } from '#process'

export class Acknowledgements {
  readonly #shown = new Map<NodeId, Map<NodeId, number>>()

  /** `by` has merged everything that `writer` wrote up to `version`. */
  note(by: NodeId, writer: NodeId, version: number): void {
    let shown = this.#shown.get(by)
    if (shown === undefined) {
      shown = new Map()
      this.#shown.set(by, shown)
    }
    if (version > (shown.get(writer) ?? 0)) shown.set(writer, version)
  }

  get(by: NodeId, writer: NodeId): number {
    return this.#shown.get(by)?.get(writer) ?? 0
  }

  forget(by: NodeId): void {
    this.#shown.delete(by)
  }
}
