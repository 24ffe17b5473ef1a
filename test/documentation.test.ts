// What the documents say, held against the repository: links, paths, npm scripts, error codes; and proof that each guard can fail.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { brokenLinks, type Document, documentedCodes, leftovers, missingPaths, missingScripts, thrownCodes } from './support/documents.ts'

const files = execFileSync('git', ['-c', 'safe.directory=*', 'ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && existsSync(path))
const paths = new Set(files.flatMap((path) => [path, ...foldersOf(path)]))
/** Pictures say nothing by their letters. */
const all: Document[] = files.filter((path) => !path.endsWith('.png')).map((path) => ({ path, text: readFileSync(path, 'utf8') }))
const documents = all.filter(({ path }) => path.endsWith('.md'))
const sources = all.filter(({ path }) => /^(src|observability)\/.*\.tsx?$/.test(path))
const errors = 'docs/reference/errors.md'
const decisions = documents.filter(({ path }) => path.startsWith('docs/decisions/'))

/** Spelt apart, so that this file may say them. */
const words = [
  ['TO', 'DO'],
  ['FIX', 'ME'],
  ['XX', 'X'],
  ['../', 'shared'],
].map((halves) => halves.join(''))

function foldersOf(path: string): string[] {
  const folder = dirname(path)
  return folder === '.' ? [] : [folder, ...foldersOf(folder)]
}

describe('the documents', () => {
  test('were read', () => {
    expect(documents.map(({ path }) => path)).toEqual(expect.arrayContaining(['CHANGELOG.md', 'CONTRIBUTING.md', errors]))
    expect(decisions.length).toBeGreaterThan(0)
    expect(sources.length).toBeGreaterThan(0)
  })

  test('link to what exists', () => {
    expect(brokenLinks(documents, paths)).toEqual([])
  })

  test('name paths that exist', () => {
    expect(missingPaths(documents, paths)).toEqual([])
  })

  test('name npm scripts that exist', () => {
    expect(missingScripts(documents, Object.keys(manifest.scripts))).toEqual([])
  })

  test('list every error code that is thrown, and no other', () => {
    const reference = documents.find(({ path }) => path === errors)
    expect(documentedCodes(reference?.text ?? '')).toEqual(thrownCodes(sources))
  })

  test('tell of each decision its context, the decision and the consequences, in the order of their numbers', () => {
    for (const { path, text } of decisions) {
      expect([path, text.match(/^## .+$/gm)]).toEqual([path, ['## Context', '## Decision', '## Consequences']])
    }
    const numbers = decisions.map(({ path }) => Number(path.match(/\/(\d{4})-[a-z0-9-]+\.md$/)?.[1]))
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1))
  })
})

test('no file keeps a word that stands for work left undone, or a path out of the repository', () => {
  expect(leftovers(all, words)).toEqual([])
})

describe('the guards can fail', () => {
  const there = new Set(['README.md', 'docs', 'docs/a.md', 'src', 'src/base', 'src/base/clock.ts'])
  const guide = (text: string): Document[] => [{ path: 'docs/a.md', text: `# A guide, and more\n${text}` }]
  const found = (list: readonly { line: number; claim: string }[]): string[] => list.map(({ line, claim }) => `${line} ${claim}`)

  test('on a link to a file or a heading that is not there', () => {
    const text = '[x](b.md) [y](../README.md) [z](../src/base/)\n[a](#a-guide-and-more) [b](#other) [c](a.md#gone) [d](https://x.org/no.md)'
    expect(found(brokenLinks(guide(text), there))).toEqual(['2 b.md', '3 #other', '3 a.md#gone'])
  })

  test('on a link out of the repository', () => {
    expect(found(brokenLinks(guide('[x](../../elsewhere.md)'), there))).toEqual(['2 ../../elsewhere.md'])
  })

  test('on a path in code, inline or fenced', () => {
    const text =
      'See `src/base/clock.ts`, `src/base/` and `src/gone.ts`, not src/prose.ts.\n```sh\nnode src/lost.ts --x=1\n```\n`application/json`'
    expect(found(missingPaths(guide(text), there))).toEqual(['2 src/gone.ts', '4 src/lost.ts'])
  })

  test('on an npm script', () => {
    const text = '`npm run check:types`, `npm test`, `npm ci`\nnpm start -- --nodes 5; npm run gone.'
    expect(found(missingScripts(guide(text), ['test', 'check:types']))).toEqual(['3 start', '3 gone'])
  })

  test('on an error code without a row, and on a row without an error code', () => {
    const source = { path: 'src/a.ts', text: "throw new CodedError('ERR_OTP_A_ONE', '') // `ERR_OTP_A_TWO` in a comment" }
    expect(thrownCodes([source])).toEqual(['ERR_OTP_A_ONE'])
    expect(documentedCodes('| Code | Meaning |\n| --- | --- |\n| `ERR_OTP_A_TWO` | two |\ntext on `ERR_OTP_A_ONE`')).toEqual([
      'ERR_OTP_A_TWO',
    ])
  })

  test('on each word, but not inside of other words', () => {
    for (const word of words) expect(found(leftovers(guide(`and ${word}: later`), words))).toEqual([`2 ${word}`])
    expect(leftovers(guide(`a ${words[0]}_LIST`), words)).toEqual([])
  })
})
