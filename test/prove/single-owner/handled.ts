// Pure. What a node's OS process writes of each message that it handles, and how that is read again.
import type { Span } from '#test/history/history.ts'

/** From before a message, or `init`, is handled until it has been; in ms of CLOCK_MONOTONIC. */
export interface Handled {
  readonly name: string
  readonly pid: string
  /** `freeze`: a message in the middle of which the process stands still. */
  readonly what: 'init' | 'message' | 'freeze'
  /** The fencing token that its process had. */
  readonly epoch: number
  readonly begin: number
  readonly end: number
}

/** One OS process: what it handled, and what was done to it. */
export interface Life {
  /** Unique: `n1#2` is the second of this node. */
  readonly id: string
  readonly handled: readonly Handled[]
  /** While it was stopped by SIGSTOP. */
  readonly pauses: readonly Span[]
}

const MARKS = { init: 'i', message: 'm', freeze: 'f' } as const
const WHATS: Readonly<Record<string, Handled['what']>> = { i: 'init', m: 'message', f: 'freeze' }
const END = 'e'

/** Written before it is handled. */
export function beginLine({ name, pid, what, epoch, begin }: Omit<Handled, 'end'>): string {
  return `${MARKS[what]} ${name} ${pid} ${epoch} ${begin}\n`
}

/** Written when it has been: messages are handled one at a time. */
export function endLine(at: number): string {
  return `${END} ${at}\n`
}

/**
 * Reads what one OS process has written. A line without its end is what a kill cut off. Whatever it was in the middle of has ended at
 * `stoppedAt`: when it ended, or, if it was stopped and never went on, when that was.
 */
export function parseHandled(text: string, stoppedAt: number): Handled[] {
  const all: Handled[] = []
  let open: Omit<Handled, 'end'> | undefined
  for (const line of text.slice(0, text.lastIndexOf('\n')).split('\n')) {
    const [mark = '', ...words] = line.split(' ')
    const what = WHATS[mark]
    if (mark === END && open !== undefined) {
      all.push({ ...open, end: Number(words[0]) })
      open = undefined
    } else if (what !== undefined) {
      const [name = '', pid = '', epoch, begin] = words
      open = { name, pid, what, epoch: Number(epoch), begin: Number(begin) }
    }
  }
  if (open !== undefined) all.push({ ...open, end: Math.max(open.begin, stoppedAt) })
  return all
}
