// Pure. Bids that were accepted, held against what the lots say that they hold. A life of a lot knows what it took; the next one starts afresh.
import { entriesOf, type History } from './history.ts'

export interface LostBid {
  readonly bid: string
  readonly lot: string
  readonly life: string
  readonly why: string
}

/** Bids acknowledged until then that the very life that acknowledged them does not hold, or never noted. */
export function lostBids(histories: readonly History[], until: number): LostBid[] {
  const taken = new Set(entriesOf(histories, 'bid').map(({ bid, life }) => `${life} ${bid}`))
  const accounts = [...entriesOf(histories, 'account'), ...entriesOf(histories, 'end')]
  const accountOf = Map.groupBy(accounts, ({ life }) => life)
  const numbers = new Map<string, string>()
  return acknowledged(histories, until).flatMap(({ bid, lot, life, number, at }) => {
    const lost = (why: string): LostBid[] => [{ bid, lot, life, why }]
    const same = numbers.get(`${life} ${number}`)
    numbers.set(`${life} ${number}`, bid)
    if (same !== undefined) return lost(`${same} was acknowledged as number ${number}, too`)
    if (!taken.has(`${life} ${bid}`)) return lost('its lot never noted it')
    const account = accountOf.get(life)?.find((later) => later.at >= at && !later.bids.includes(bid))
    return account === undefined ? [] : lost(`it is not among the ${account.bids.length} that its lot holds`)
  })
}

/** Files are read one after the other while the workload goes on: only of what was told before the first was read is its cause in another. */
export function acknowledged(histories: readonly History[], until: number) {
  return entriesOf(histories, 'acknowledged').filter(({ at }) => at <= until)
}
