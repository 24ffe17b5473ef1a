// Every program in README and under docs compiles, runs to its end, and prints what its document says; and proof that each guard can fail.
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { output, programsOf, typeErrors } from './support/programs.ts'

const documents = ['README.md', ...globSync('docs/**/*.md')].map((path) => ({ path, text: readFileSync(path, 'utf8') }))
const programs = programsOf(documents)
/** Compilers and nodes take their time on a busy machine. */
const PATIENCE_MS = 60_000

test('programs were found, and what README says of its own', () => {
  expect(programs.map(({ where }) => where.replace(/:\d+$/, ''))).toEqual(
    expect.arrayContaining(['README.md', 'docs/explanation/differences-from-otp.md']),
  )
  expect(programs[0]?.prints).toBe('42')
})

test('every program in README and under docs compiles', { timeout: PATIENCE_MS }, async () => {
  expect(await typeErrors(programs)).toBe('')
})

test.each(programs)('the program at $where runs, and prints what is said there', { timeout: PATIENCE_MS }, async (program) => {
  const { code, stdout, stderr } = await output(program)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  if (program.prints !== undefined) expect(stdout.trim()).toBe(program.prints)
})

describe('the guards can fail', () => {
  const guide = (source: string, behind = '') =>
    programsOf([{ path: 'docs/a.md', text: `# A guide\n\n\`\`\`ts\n${source}\n\`\`\`\n${behind}` }])

  test('on each block by itself, and on what is said behind it and before the next', () => {
    const two = '# A\n```ts\none\n```\nIt prints `1`.\n\n```ts\ntwo\n```\n## B\nprints `3`\n```sh\nthree\n```\n'
    expect(programsOf([{ path: 'docs/a.md', text: two }])).toEqual([
      { where: 'docs/a.md:2', source: 'one\n', prints: '1' },
      { where: 'docs/a.md:7', source: 'two\n', prints: undefined },
    ])
  })

  test('on a block that goes on with the one before it as on one program', () => {
    const text = '```ts\none\n```\n```ts continued\ntwo\n```\n```ts\nthree\n```\n'
    expect(programsOf([{ path: 'docs/a.md', text }]).map(({ source }) => source)).toEqual(['one\n', 'one\n\ntwo\n', 'three\n'])
  })

  test('on a program that does not compile', { timeout: PATIENCE_MS }, async () => {
    expect(
      await typeErrors(guide("import { genServer } from 'otp-labs'\nexport const Lot = genServer({ name: 7, init: () => 0 })")),
    ).toMatch(/docs\/a\.md:3\(2,\d+\): error TS2322/)
  })

  test('on a program that throws, and on one that prints something else', { timeout: PATIENCE_MS }, async () => {
    const [thrower] = guide("throw new Error('no')")
    expect(await output(thrower as never)).toMatchObject({ code: 1, stderr: expect.stringContaining('Error: no') })
    const [other] = guide('console.log(41)', 'It prints `42`.')
    expect([(await output(other as never)).stdout.trim(), other?.prints]).toEqual(['41', '42'])
  })
})
