// Pure. Reads what all processes have handled, and says where a name had two owners.
import type { Handled, Life } from './handled.ts'

/** What one process of a name handled under one token: from the first message to the last the name is its own, and nobody else's. */
export interface Tenure {
  readonly name: string
  readonly life: Life
  readonly pid: string
  readonly epoch: number
  readonly handled: readonly Handled[]
  readonly first: number
  readonly last: number
}

/** `earlier` went on to handle messages after `later` had begun. */
export interface Overlap {
  readonly earlier: Tenure
  readonly later: Tenure
  /** What it handled so, as far as it did not stand still between the check of its lease and the end of the message. */
  readonly late: readonly Handled[]
  /** What it was in the middle of when its process was stopped: no check can come between, but every store that asks for the token refuses it. */
  readonly frozen: readonly Handled[]
}

/**
 * `overlap`: two owners handled messages of one name in turns. `unfenced`: a frozen handler's token is not older than that of the owner who
 * came after it. `unordered`: an owner's token is not newer than that of the one before: an outside store would refuse the wrong one.
 */
export interface OwnerViolation {
  readonly kind: 'overlap' | 'unfenced' | 'unordered'
  readonly at: number
  readonly what: string
}

export interface OwnerVerdict {
  readonly violations: readonly OwnerViolation[]
  readonly tenures: number
  readonly handled: number
  readonly overlaps: number
  /** Messages that an owner handled after another had begun. */
  readonly late: number
  readonly frozen: number
}

/** A process that goes on begins what it was about to so soon; it may be one message. */
const GOES_ON_WITHIN_MS = 100

/** What is to be said of the time from `from` on; what was before it counts only as what an owner had begun. */
export function judgeOwners(lives: readonly Life[], from = 0): OwnerVerdict {
  const all = tenuresOf(lives)
  const strays = all.filter((tenure) => isStray(tenure, all))
  const tenures = all.filter((tenure) => !strays.includes(tenure))
  const overlaps = overlapsOf(tenures).flatMap((overlap): Overlap[] => {
    const [late, frozen] = [overlap.late.filter(({ end }) => end >= from), overlap.frozen.filter(({ end }) => end >= from)]
    return late.length + frozen.length === 0 ? [] : [{ ...overlap, late, frozen }]
  })
  const recent = tenures.filter(({ last }) => last >= from)
  return {
    violations: [
      ...overlaps.filter(({ late }) => late.length > 0).map(overlapping),
      ...overlaps.filter(({ earlier, later, frozen }) => frozen.length > 0 && earlier.epoch >= later.epoch).map(unfenced),
      ...unordered(tenures).filter(({ at }) => at >= from),
    ],
    tenures: recent.length,
    handled: recent.reduce((sum, { handled }) => sum + handled.filter(({ end }) => end >= from).length, 0),
    overlaps: overlaps.filter(({ late }) => late.length > 0).length,
    late: overlaps.reduce((sum, { late }) => sum + late.length, 0),
    frozen:
      overlaps.reduce((sum, { frozen }) => sum + frozen.length, 0) +
      strays.reduce((sum, { handled }) => sum + handled.filter(({ end }) => end >= from).length, 0),
  }
}

/** In the order in which they began. */
export function tenuresOf(lives: readonly Life[]): Tenure[] {
  const tenures = lives.flatMap((life) =>
    [...Map.groupBy(life.handled, ({ name, pid, epoch }) => `${name} ${pid} ${epoch}`).values()].map((handled): Tenure => {
      const [{ name, pid, epoch, begin: first }] = handled as [Handled, ...Handled[]]
      return { name, life, pid, epoch, handled, first, last: Math.max(...handled.map(({ end }) => end)) }
    }),
  )
  return tenures.toSorted((a, b) => a.first - b.first)
}

function overlapsOf(tenures: readonly Tenure[]): Overlap[] {
  return [...Map.groupBy(tenures, ({ name }) => name).values()].flatMap((ofName) =>
    ofName.flatMap((earlier, index): Overlap[] => {
      const later = ofName[index + 1]
      if (later === undefined || earlier.last < later.first) return []
      const after = earlier.handled.filter(({ end }) => end >= later.first)
      const frozen = after.filter((each) => isFrozen(each, earlier.life))
      const late = after.filter((each) => !frozen.includes(each))
      return [{ earlier, later, late, frozen }]
    }),
  )
}

/** Whether it was granted before others and began after them, because its process stood still in between; it got no further, and its token is older. */
function isStray({ name, life, epoch, first, handled }: Tenure, all: readonly Tenure[]): boolean {
  if (!handled.every((each) => isFrozen(each, life))) return false
  return all.some((other) => other.name === name && other.first < first && other.epoch > epoch)
}

/** Whether its process stood still between the check of its lease, which comes just before it begins, and its end. */
function isFrozen(handled: Handled, { pauses, handled: all }: Life): boolean {
  if (handled.what === 'freeze') return true
  return pauses.some(({ to }) => {
    if (handled.begin < to) return handled.end >= to
    if (handled.begin >= to + GOES_ON_WITHIN_MS) return false
    // Starts are checked when they are granted, and several may be on their way from there.
    return handled.what === 'init' || all.find(({ begin }) => begin >= to) === handled
  })
}

/** Of two that follow each other: whoever comes after has the newer token; a process that its own supervisor has restarted has the same. */
function unordered(tenures: readonly Tenure[]): OwnerViolation[] {
  return [...Map.groupBy(tenures, ({ name }) => name).values()].flatMap((ofName) =>
    ofName.flatMap((later, index): OwnerViolation[] => {
      const earlier = ofName[index - 1]
      if (earlier === undefined || earlier.epoch < later.epoch) return []
      if (earlier.epoch === later.epoch && earlier.life === later.life) return []
      return [{ kind: 'unordered', at: later.first, what: `${told(later)} came after ${told(earlier)}` }]
    }),
  )
}

function overlapping({ earlier, later, late }: Overlap): OwnerViolation {
  const forMs = (Math.max(...late.map(({ end }) => end)) - later.first).toFixed(1)
  const began = `${told(later)} had begun`
  return { kind: 'overlap', at: later.first, what: `${told(earlier)} handled ${late.length} messages in ${forMs} ms after ${began}` }
}

function unfenced({ earlier, later }: Overlap): OwnerViolation {
  return {
    kind: 'unfenced',
    at: later.first,
    what: `${told(earlier)} went on after ${told(later)} had begun, with a token that is no older`,
  }
}

function told({ name, life, pid, epoch, first }: Tenure): string {
  return `${life.id} (${name} as ${pid}, token ${epoch}, from ${first.toFixed(1)})`
}
