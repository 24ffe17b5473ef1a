// The nodes in a ring, with a line for each link: as thick as what went over it lately.
import { useRef } from 'preact/hooks'
import type { Answers } from '#answers'
import { bytes } from './format.ts'
import { pairs } from './link-pairs.ts'

interface LinkRingProps {
  readonly members: readonly Answers['cluster']['members'][number][]
  readonly linked: readonly Answers['node']['of'][]
}

const SIZE = { width: 420, height: 260, ring: 96 } as const

export function LinkRing({ members, linked }: LinkRingProps) {
  const before = useRef<{ at: number; totals: Map<string, number>; rates: Map<string, number> }>({
    at: 0,
    totals: new Map(),
    rates: new Map(),
  })
  const drawn = pairs(linked)
  const totals = new Map(drawn.map(({ key, total }) => [key, total]))
  const isNew = drawn.some(({ key, total }) => before.current.totals.get(key) !== total)
  if (isNew) {
    const now = performance.now()
    const seconds = (now - before.current.at) / 1000
    const rates = new Map(drawn.map(({ key, total }) => [key, Math.max(0, total - (before.current.totals.get(key) ?? total)) / seconds]))
    before.current = { at: now, totals, rates }
  }
  const at = new Map(
    members.map(({ name }, index) => {
      const angle = (index / members.length) * 2 * Math.PI - Math.PI / 2
      return [name, { x: SIZE.width / 2 + SIZE.ring * Math.cos(angle) * 1.5, y: SIZE.height / 2 + SIZE.ring * Math.sin(angle) }]
    }),
  )
  const spoken = drawn
    .map(({ ends, key }) => `${ends.join(' and ')} ${bytes(Math.round(before.current.rates.get(key) ?? 0))} a second`)
    .join(', ')
  return (
    <svg class="ring" viewBox={`0 0 ${SIZE.width} ${SIZE.height}`} role="img" aria-label={`Links: ${spoken || 'none'}`}>
      {drawn.map(({ key, ends: [from, to] }) => {
        const [a, b] = [at.get(from), at.get(to)]
        if (a === undefined || b === undefined) return null
        const perSecond = before.current.rates.get(key) ?? 0
        return (
          <g key={key}>
            <line x1={a.x} y1={a.y} x2={b.x} y2={b.y} stroke-width={1 + Math.min(7, Math.log2(1 + perSecond / 256))} />
            <text x={(a.x + b.x) / 2} y={(a.y + b.y) / 2 - 6} text-anchor="middle">
              {bytes(Math.round(perSecond))}/s
            </text>
          </g>
        )
      })}
      {members.map(({ name, status }) => {
        const { x, y } = at.get(name) as { x: number; y: number }
        return (
          <g key={name} class={`of-${status}`}>
            <circle cx={x} cy={y} r="22" />
            <text class="name" x={x} y={y + 4} text-anchor="middle">
              {name.slice(0, 8)}
            </text>
          </g>
        )
      })}
    </svg>
  )
}
