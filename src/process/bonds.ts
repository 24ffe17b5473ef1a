// The ties that most processes have none of, in one record that is made with the first: an idle process is small.
import { Chain } from '#base'
import { allLinks, type Linked, type Links, linkCount, withLink, withoutLink } from './links.ts'
import type { NodeRef, Target } from './name.ts'
import type { Watcher } from './router.ts'
import type { Ties } from './ties.ts'

/** One monitor, seen from its watcher. */
export interface Watched {
  /** The process on this node, or what was asked for on another. */
  readonly to: Target
  /** The name by which it was asked for. */
  readonly name: NodeRef | undefined
}

export class Bonds {
  #links: Links
  /** Those that the process has started and is linked with still: a supervisor's children need no entry in any table. */
  readonly #started = new Chain<Ties>()
  #startedCount = 0
  /** Who watches the process, by reference. */
  watchers: Map<number, Watcher> | undefined
  /** Whom the process watches, by reference. */
  watching: Map<number, Watched> | undefined

  get linkCount(): number {
    return linkCount(this.#links) + this.#startedCount
  }

  /** In the order in which they were made, those that starts have made last. */
  allLinks(): readonly Linked[] {
    return [...allLinks(this.#links), ...this.#started]
  }

  addLink(other: Linked): void {
    this.#links = withLink(this.#links, other)
  }

  forgetLink(other: Linked): void {
    this.#links = withoutLink(this.#links, other)
  }

  addStarted(process: Ties): void {
    this.#started.join(process)
    this.#startedCount++
  }

  forgetStarted(process: Ties): void {
    this.#started.leave(process)
    this.#startedCount--
  }
}
