// Pure but for chance. Which peers are told everything at a beat; the others hear only that this node lives.
import type { Random } from '#base'
import type { NodeId } from '#process'

/** Up to so many all are told; of more, a few at random. */
const TELL_ALL = 10
const TELL_AT_RANDOM = 3

export function whomToTell(peers: NodeId[], random: Random): NodeId[] {
  if (peers.length <= TELL_ALL) return peers
  const chosen = []
  for (let left = TELL_AT_RANDOM; left > 0; left--) chosen.push(...peers.splice(random.int(peers.length), 1))
  return chosen
}
