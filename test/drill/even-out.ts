// What was taken over stays where it is, and one fault would be seen as uneven placement in the drill of the next.
import type { Ground } from './ground.ts'

/** So many new processes, which fall evenly on three nodes, bring the fullest to one and a half times its share. */
const MISSING = 'max(otp_registry_names) * clamp_min(2 * max(otp_placement_imbalance_ratio) - 3, 0)'
const MOST_AT_ONCE = 10_000
const TURNS = 5

/** Resolves when all see all, and no node runs far more than its share. */
export async function evenOut(ground: Ground): Promise<void> {
  await ground.until('every node sees three', 'min(otp_cluster_members{status="up"}) == 3')
  for (let turn = 0; turn < TURNS; turn++) {
    // What was scraped before now does not count.
    await ground.until('nodes are scraped', `min(timestamp(otp_placement_imbalance_ratio)) > ${Date.now() / 1000}`)
    const missing = Math.ceil((await ground.query(MISSING)) ?? 0)
    if (missing === 0) return
    await ground.ask('n2', '/chaos/stones', { count: Math.min(MOST_AT_ONCE, missing) })
  }
}
