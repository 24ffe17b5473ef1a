// Charts without a browser: every line, every mark, and axes in the unit of the panel.
import { expect, test } from 'vitest'
import { svgOf, written } from '#demo/charts.ts'

const line = (name: string, ...values: number[]) => ({ name, points: values.map((value, at) => [100 + at, value] as const) })

test('a chart has its title, its lines and what happened', () => {
  const svg = svgOf(
    { title: 'Crashes', unit: 'short', lines: [line('n1', 1, 2), line('n2', 3, 4)] },
    [{ at: 101, what: 'storm' }],
    100,
    102,
  )
  expect(svg).toMatch(/^<svg /)
  for (const text of ['Crashes', 'n1', 'n2', 'storm']) expect(svg).toContain(`>${text}</text>`)
})

test('of too many lines the highest are drawn', () => {
  const lines = Array.from({ length: 13 }, (_, index) => line(`line-${index}`, index))
  const svg = svgOf({ title: 'Many', unit: 'short', lines }, [], 100, 102)
  expect(svg).toContain('>line-12</text>')
  expect(svg).not.toContain('>line-0</text>')
})

test.for([
  [0.25, 'percentunit', '25 %'],
  [0.0015, 's', '1.5 ms'],
  [0, 's', '0 s'],
  [2, 's', '2 s'],
  [0, 'short', '0'],
  [0.5, 'reqps', '0.5'],
  [1500, 'short', '1.5k'],
  [3_000_000, 'bytes', '3MB'],
] as const)('%d in %s is written %s', ([value, unit, text]) => {
  expect(written(value, unit)).toBe(text)
})
