// What was taken over stays where it is, and one fault would be seen as uneven placement in the drill of the next.
import type { Ground } from './ground.ts'

/** So much new work falls evenly on the nodes, once all see all, that what fell unevenly is little beside it. */
const STONES = 500

/** Resolves when it has been started. */
export async function evenOut(ground: Ground): Promise<void> {
  await ground.until('every node sees three', 'min(otp_cluster_members{status="up"}) == 3')
  await ground.ask('n2', '/chaos/stones', { count: STONES })
}
