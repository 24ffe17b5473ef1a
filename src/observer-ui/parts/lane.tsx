// One lane of time: a dot for each restart, darker where there are many.

export interface Dot {
  readonly id: string
  /** Ms since 1970. */
  readonly at: number
  readonly cause: string
}

export const WINDOW_MS = 600_000
const WIDTH = 600
const HEIGHT = 24
const MINUTE_MS = 60_000

export function Lane({ label, dots }: { readonly label: string; readonly dots: readonly Dot[] }) {
  const end = Date.now()
  const x = (at: number): number => WIDTH - ((end - at) / WINDOW_MS) * WIDTH
  const minutes = Array.from({ length: WINDOW_MS / MINUTE_MS }, (_, index) => (index * MINUTE_MS * WIDTH) / WINDOW_MS)
  return (
    <svg class="lane" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {minutes.map((at) => (
        <line key={at} x1={at} x2={at} y1={0} y2={HEIGHT} />
      ))}
      {dots.map(({ id, at, cause }) => (
        <rect key={id} class={cause === 'crash' ? 'crash' : 'other'} x={x(at) - 1.5} y={4} width={3} height={HEIGHT - 8} />
      ))}
    </svg>
  )
}
