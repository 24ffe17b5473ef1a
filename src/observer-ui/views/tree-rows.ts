// Pure. Which rows of a supervision tree are shown, and how each is.
import type { Answers } from '#answers'
import type { Tone } from '../parts/tone.ts'

export type Entry = Answers['tree']['entries'][number]

/** An entry in what the page remembers of it. */
export const keyOf = ({ parent, id }: Entry): string => `${parent} ${id}`

/** What is left when the closed ones hide what is under them. */
export function opened(entries: readonly Entry[], closed: ReadonlySet<string>): Entry[] {
  const shown: Entry[] = []
  let hiddenBelow = Number.POSITIVE_INFINITY
  for (const entry of entries) {
    if (entry.depth > hiddenBelow) continue
    hiddenBelow = closed.has(keyOf(entry)) ? entry.depth : Number.POSITIVE_INFINITY
    shown.push(entry)
  }
  return shown
}

/** How it is, for a colour: `bad` is down, `warn` falls behind or lacks children. */
export function health({ status, oldestMs, handlingMs, supervisor }: Entry): Tone {
  if (status === 'restarting') return 'bad'
  if (status === 'suspended' || oldestMs > 1000 || handlingMs > 5000) return 'warn'
  if (supervisor !== null && supervisor.active < supervisor.specified) return 'warn'
  return status === 'stopped' ? 'plain' : 'good'
}
