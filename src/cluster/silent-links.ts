// Pure. Links over which nothing comes any more: TCP alone may take many minutes to find out that the other side is gone.
import type { Link } from './transport/transport.ts'

interface Heard {
  bytes: number
  at: number
}

/** Peers send heartbeats over every link, so one that is silent for as long as makes a member down is half open, whatever TCP says. */
export class SilentLinks {
  readonly #limitMs: number
  readonly #heard = new WeakMap<Link, Heard>()

  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  /** Those of the links over which nothing has come for the limit; `gapMs`: time that stood still for this node, and counts for nobody. */
  find(links: readonly Link[], now: number, gapMs: number): Link[] {
    return links.filter((link) => {
      const heard = this.#heard.get(link)
      if (heard === undefined || heard.bytes !== link.counts.bytesIn) {
        this.#heard.set(link, { bytes: link.counts.bytesIn, at: now })
        return false
      }
      heard.at += gapMs
      return now - heard.at >= this.#limitMs
    })
  }
}
