// The report without a browser: its charts with every line and every mark, axes in the unit of the panel, and the page around them.
import { expect, test } from 'vitest'
import { svgOf, written } from '#demo/charts.ts'
import { PANELS, queriesOf } from '#demo/report.ts'
import { pageOf } from '#demo/report-page.ts'

const SPAN = { from: 100, to: 102 } as const
const line = (name: string, ...values: number[]) => ({
  name,
  color: undefined,
  points: values.map((value, at) => [100 + at, value] as const),
})

test('a chart has its lines and what happened', () => {
  const svg = svgOf({ unit: 'short', look: 'lines', lines: [line('n1', 1, 2), line('n2', 3, 4)] }, [{ at: 101, what: 'storm' }], SPAN)
  expect(svg).toMatch(/^<svg /)
  for (const text of ['n1', 'n2', 'storm']) expect(svg).toContain(`>${text}</text>`)
})

test('of more than four lines those that are always 0 are left out', () => {
  const lines = [0, 0, 0, 0, 1].map((value, index) => line(`line-${index}`, value))
  const drawn = (some: typeof lines) => svgOf({ unit: 'short', look: 'lines', lines: some }, [], SPAN)
  expect(drawn(lines)).not.toContain('>line-0</text>')
  expect(drawn(lines)).toContain('>line-4</text>')
  expect(drawn(lines.slice(1))).toContain('>line-1</text>')
})

test('no line is drawn over a time without values', () => {
  const drawn = (at: number) => {
    const points = [[100, 1] as const, [101, 2] as const, [at, 3] as const, [at + 1, 4] as const]
    const svg = svgOf({ unit: 'short', look: 'lines', lines: [{ name: 'n1', color: undefined, points }] }, [], { from: 100, to: 120 })
    return [...svg.matchAll(/<path d="([^"]*)" fill="none"/g)].map(([, path = '']) => path.match(/M/g)?.length)
  }
  expect(drawn(102)).toContain(1)
  expect(drawn(102)).not.toContain(2)
  expect(drawn(110)).toContain(2)
})

test('a colour that means something is the one of the board', () => {
  const bars = (color: string) => svgOf({ unit: 'short', look: 'bars', lines: [{ ...line('moved', 1, 2), color }] }, [], SPAN)
  expect(bars('blue')).toContain('#3f83f8')
  expect(bars('red')).not.toContain('#3f83f8')
})

test('every panel of the report is on its board', () => {
  for (const [board, panel] of PANELS) expect(queriesOf(board, panel)[0].about).not.toBe('')
  const [crashes, moves, takeovers] = queriesOf('OTP / Cluster overview', 'What started processes again or elsewhere')
  expect([crashes, moves, takeovers].map((query) => [query?.look, query?.color])).toEqual([
    ['bars', 'red'],
    ['bars', 'blue'],
    ['bars', 'orange'],
  ])
  expect(() => queriesOf('OTP / Cluster overview', 'No such panel')).toThrow('has no panel No such panel')
})

test('the page has each chart with its question, and takes no word for markup', () => {
  const page = pageOf([{ title: 'Calls & answers', about: 'More than < 1?', svg: '<svg></svg>' }])
  expect(page).toContain('<strong>Calls &amp; answers</strong>More than &lt; 1?</figcaption><svg></svg>')
})

test('of too many lines the highest are drawn', () => {
  const lines = Array.from({ length: 13 }, (_, index) => line(`line-${index}`, index))
  const svg = svgOf({ unit: 'short', look: 'lines', lines }, [], SPAN)
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
