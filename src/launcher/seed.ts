// The lots of a run without bidders: they are opened once, and stay open.
import { setTimeout as sleep } from 'node:timers/promises'
import { LaunchFailure } from './failure.ts'

export const SEEDED_LOTS = 100
const AT_ONCE = 10
const ATTEMPTS = 5
const PAUSE_MS = 300

/** Opens `lot-001` to `lot-100`, through each node in turn. */
export async function seedLots(addresses: readonly string[]): Promise<void> {
  const numbers = Array.from({ length: SEEDED_LOTS }, (_, index) => index + 1).values()
  const open = async (): Promise<void> => {
    // Each of those who open takes the next number from the one list.
    for (const number of numbers) {
      const id = `lot-${String(number).padStart(3, '0')}`
      await openLot(addresses[number % addresses.length] as string, id)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, open))
}

async function openLot(address: string, id: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(`${address}/lots`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id, title: `Lot ${Number(id.slice(4))}` }),
    })
    const text = await response.text()
    // 409: an earlier try has opened it after all.
    if (response.status === 201 || response.status === 409) return
    if (attempt === ATTEMPTS) throw new LaunchFailure(1, `cannot open ${id}: ${response.status} ${text}`)
    await sleep(PAUSE_MS)
  }
}
