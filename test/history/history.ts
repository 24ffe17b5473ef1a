// Pure. What the OS processes of a workload note of themselves, one JSON line a fact, and how those lines are read again.

/** When something was: `at` in ms of CLOCK_MONOTONIC, which all processes and network namespaces of a machine share; `wall` may jump. */
export interface Stamp {
  readonly at: number
  readonly wall: number
}

export type Note =
  /** A lot's process has started; `life` is its pid. */
  | { readonly kind: 'begin'; readonly lot: string; readonly life: string }
  /** It ends in order: these are the bids that it holds. */
  | { readonly kind: 'end'; readonly lot: string; readonly life: string; readonly bids: readonly string[] }
  /** Asked for it, a lot that lives on says the same. */
  | { readonly kind: 'account'; readonly lot: string; readonly life: string; readonly bids: readonly string[] }
  /** The lot took a bid, its `number`th; noted before it is answered. */
  | { readonly kind: 'bid'; readonly lot: string; readonly life: string; readonly bid: string; readonly number: number }
  /** The bidder was told that its bid is taken, and by whom. */
  | { readonly kind: 'acknowledged'; readonly lot: string; readonly life: string; readonly bid: string; readonly number: number }
  | { readonly kind: 'unanswered'; readonly lot: string; readonly bid: string; readonly reason: string }
  /** How many names have a live owner in this node's copy of the directory. */
  | { readonly kind: 'view'; readonly live: number }
  /** An event of the node's. */
  | { readonly kind: 'event'; readonly type: string; readonly data: Readonly<Record<string, unknown>> }

export type Entry = Stamp & Note

export interface Span {
  readonly from: number
  readonly to: number
}

/** One OS process of the workload. What it noted is all it can say: how it ended and when it stood still is known to who did that. */
export interface History {
  readonly node: string
  readonly entries: readonly Entry[]
  /** When its OS process was gone; undefined: it runs. */
  readonly endedAt: number | undefined
  /** When it was stopped (SIGSTOP); one that is still stopped goes on to `Infinity`. */
  readonly pauses: readonly Span[]
}

/** Reads a file of notes. A last line without its end is what a kill cut off. */
export function parseEntries(text: string): Entry[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry)
}

/** The entries of one kind. */
export function entriesOf<K extends Entry['kind']>(histories: readonly History[], kind: K): (Entry & { readonly kind: K })[] {
  return histories.flatMap(({ entries }) => entries.filter((entry): entry is Entry & { readonly kind: K } => entry.kind === kind))
}
