// Pure. What documents claim of the repository: links, paths, npm scripts, error codes; and words that no file may keep.

export interface Document {
  readonly path: string
  readonly text: string
}

/** Something a document says that is not so. */
export interface Claim {
  readonly path: string
  readonly line: number
  readonly claim: string
}

/** Links to other places of the repository, headings included, that lead nowhere. `paths`: every file and folder there is. */
export function brokenLinks(documents: readonly Document[], paths: ReadonlySet<string>): Claim[] {
  const headings = new Map(documents.map((document) => [document.path, headingsOf(document.text)]))
  return claims(documents, (line, document) =>
    matches(line, /\]\(<?([^()\s>]+)>?(?: "[^"]*")?\)/g)
      .filter((target) => !/^[a-z]+:/i.test(target))
      .filter((target) => {
        const [file = '', anchor] = target.split('#')
        const path = file === '' ? document.path : normal(file.startsWith('/') ? file : `${folderOf(document.path)}/${file}`)
        return !paths.has(path) || (anchor !== undefined && headings.has(path) && !headings.get(path)?.has(anchor))
      }),
  )
}

/** Paths in code, such as `src/base/clock.ts`, that name nothing. Only what starts with a folder of the repository's root is a path. */
export function missingPaths(documents: readonly Document[], paths: ReadonlySet<string>): Claim[] {
  const roots = new Set([...paths].filter((path) => path.includes('/')).map((path) => path.split('/')[0]))
  let fenced = false
  return claims(documents, (line, _document, index) => {
    if (index === 0) fenced = false
    if (line.trimStart().startsWith('```')) fenced = !fenced
    const code = fenced ? [line] : matches(line, /`([^`]+)`/g)
    return code
      .flatMap((text) => text.split(/[\s'"(),;:]+/))
      .filter((word) => /^[.\w-]+\/[\w./@-]*$/.test(word) && roots.has(word.split('/')[0]))
      .filter((word) => !paths.has(normal(word)))
  })
}

/** `npm run x`, `npm test` and `npm start` without such a script. */
export function missingScripts(documents: readonly Document[], scripts: readonly string[]): Claim[] {
  return claims(documents, (line) =>
    matches(line, /\bnpm (?:run )?((?<=run )[\w:.-]*\w|test\b|start\b)/g).filter((name) => !scripts.includes(name)),
  )
}

/** Codes of `CodedError` that source files throw, as string literals. */
export function thrownCodes(sources: readonly Document[]): string[] {
  return unique(sources.flatMap(({ text }) => matches(text, /'(ERR_OTP_[A-Z0-9_]+)'/g)))
}

/** Codes that have a row in a table of `docs/reference/errors.md`. */
export function documentedCodes(reference: string): string[] {
  return unique(matches(reference, /^\| `(ERR_OTP_[A-Z0-9_]+)` \|/gm))
}

/** Lines with a word that stands for work left undone, or a path out of the repository. */
export function leftovers(documents: readonly Document[], words: readonly string[]): Claim[] {
  return claims(documents, (line) =>
    words.filter((word) => (/^\w+$/.test(word) ? new RegExp(`\\b${word}\\b`).test(line) : line.includes(word))),
  )
}

function claims(documents: readonly Document[], judge: (line: string, document: Document, index: number) => readonly string[]): Claim[] {
  return documents.flatMap((document) =>
    document.text
      .split('\n')
      .flatMap((line, index) => judge(line, document, index).map((claim) => ({ path: document.path, line: index + 1, claim }))),
  )
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '')
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted()
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.'
}

/** Without `.`, `..`, doubled and final slashes; what leaves the repository begins with `..`. */
function normal(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}

/** The anchors that GitHub gives to the headings of a Markdown text. */
function headingsOf(text: string): Set<string> {
  return new Set(
    matches(text, /^#+ (.+)$/gm).map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}
