// Rows of one height, of which only those in sight are in the document: ten thousand cost as much as forty.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface WindowedProps<T> {
  readonly rows: readonly T[]
  readonly rowHeight: number
  readonly render: (row: T, index: number) => ComponentChildren
  /** Told when the end comes into sight. */
  readonly onEnd?: () => void
  /** A row to bring into sight when it changes. */
  readonly focused?: number
  readonly role: 'tree' | 'log'
  readonly label: string
  readonly onKeyDown?: (event: KeyboardEvent) => void
}

/** Rows beyond the edges that are there already when they are scrolled to. */
const SPARE = 8

export function Windowed<T>({ rows, rowHeight, render, onEnd, focused, role, label, onKeyDown }: WindowedProps<T>) {
  const place = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState({ top: 0, height: 600 })
  useEffect(() => {
    const element = place.current as HTMLDivElement
    const measure = (): void => setSeen({ top: element.scrollTop, height: element.clientHeight })
    measure()
    element.addEventListener('scroll', measure, { passive: true })
    const resized = new ResizeObserver(measure)
    resized.observe(element)
    return () => {
      element.removeEventListener('scroll', measure)
      resized.disconnect()
    }
  }, [])
  useEffect(() => {
    const element = place.current
    if (element === null || focused === undefined || focused < 0) return
    const top = focused * rowHeight
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + rowHeight - element.clientHeight
  }, [focused, rowHeight])
  const first = Math.max(0, Math.floor(seen.top / rowHeight) - SPARE)
  const last = Math.min(rows.length, Math.ceil((seen.top + seen.height) / rowHeight) + SPARE)
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length) onEnd?.()
  }, [last, rows.length, onEnd])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its role is one that takes keys.
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles may have a name.
    <div ref={place} class="windowed" role={role} aria-label={label} tabIndex={0} onKeyDown={onKeyDown}>
      <div class="whole" style={{ height: `${rows.length * rowHeight}px` }} role="presentation">
        <div style={{ transform: `translateY(${first * rowHeight}px)` }} role="presentation">
          {rows.slice(first, last).map((row, index) => render(row, first + index))}
        </div>
      </div>
    </div>
  )
}
