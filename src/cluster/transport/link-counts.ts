// What is counted of a link, and of all links that there were to one peer.
import type { LinkCounts } from './transport.ts'

export function noLinkCounts(): LinkCounts {
  return { bytesOut: 0, bytesIn: 0, messagesOut: 0, messagesIn: 0, pauses: 0, sendErrors: 0, replicationBytes: 0 }
}

/** Adds one link's counts to those of others. */
export function addLinkCounts(to: LinkCounts, counts: Readonly<LinkCounts>): void {
  for (const name of Object.keys(to) as (keyof LinkCounts)[]) to[name] += counts[name]
}
