// The order of rows while somebody points at them: they stay where they are, so that what is clicked is what was read.
import { useRef, useState } from 'preact/hooks'
import { inOrder } from './in-order.ts'

type Holder = 'pointer' | 'focus'

/** What to show, and what to hold it with. */
export interface HeldOrder<T> {
  readonly rows: readonly T[]
  readonly isHeld: boolean
  /** For the element that the rows are in. */
  readonly hands: Readonly<Record<'onPointerEnter' | 'onPointerLeave' | 'onFocusIn' | 'onFocusOut', () => void>>
}

/** `question`: what the rows are the answer to; the order of another one is never held. */
export function useHeldOrder<T>(rows: readonly T[], keyOf: (row: T) => string, question: string): HeldOrder<T> {
  const holders = useRef(new Set<Holder>())
  const [held, setHeld] = useState<{ readonly question: string; readonly rows: readonly T[] }>()
  const isHeld = held?.question === question
  const shown = isHeld ? inOrder(rows, keyOf, held.rows) : rows
  const hold = (holder: Holder) => () => {
    if (holders.current.size === 0) setHeld({ question, rows: shown })
    holders.current.add(holder)
  }
  const release = (holder: Holder) => () => {
    holders.current.delete(holder)
    if (holders.current.size === 0) setHeld(undefined)
  }
  const hands = {
    onPointerEnter: hold('pointer'),
    onPointerLeave: release('pointer'),
    onFocusIn: hold('focus'),
    onFocusOut: release('focus'),
  }
  return { rows: shown, isHeld, hands }
}
