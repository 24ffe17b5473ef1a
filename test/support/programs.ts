// The programs that documents show: found, compiled as their reader's editor would, and run.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Document } from './documents.ts'

export interface Program {
  /** The document and the line in it where the program begins. */
  readonly where: string
  readonly source: string
  /** What the document says it prints, as "prints `42`" behind it. */
  readonly prints: string | undefined
}

/** A block, and what stands behind it, up to the next block or heading. */
const BLOCK = /^```(?:ts|typescript)( continued)?\n(.+?)^```$(.*?)(?=^```|^#|$(?![\s\S]))/gms

/** Every block of TypeScript in the documents. Each is a program by itself; one that is marked `ts continued` goes on with the one before it. */
export function programsOf(documents: readonly Document[]): Program[] {
  return documents.flatMap(({ path, text }) => {
    let before = ''
    return [...text.matchAll(BLOCK)].map(({ index, 1: continued, 2: own = '', 3: behind = '' }) => {
      const source = continued === undefined ? own : `${before}\n${own}`
      before = source
      return { where: `${path}:${text.slice(0, index).split('\n').length}`, source, prints: /\bprints `(.+?)`/.exec(behind)?.[1] }
    })
  })
}

/** Puts the programs into a folder of the package, since they import the package by its name, and takes it away again. */
export async function withFiles<T>(
  programs: readonly Program[],
  use: (folder: string, files: readonly string[]) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(process.cwd(), '.documented-'))
  try {
    const files = programs.map((_, index) => `program-${index}.ts`)
    await Promise.all(programs.map(({ source }, index) => writeFile(join(folder, files[index] as string), source)))
    return await use(folder, files)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What the compiler has to say of them with the project's own options, by where they stand; '' if nothing. */
export function typeErrors(programs: readonly Program[]): Promise<string> {
  return withFiles(programs, async (folder, files) => {
    // What one block declares may be for the reader's next step.
    const compilerOptions = { noUnusedLocals: false }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: [], files }))
    const { stdout } = await ran(join(process.cwd(), 'node_modules/typescript/bin/tsc'), ['-p', folder], folder)
    return programs.reduce((said, { where }, index) => said.replaceAll(files[index] as string, where), stdout).trim()
  })
}

/** Runs one program to its end. */
export function output(program: Program): Promise<{ code: number; stdout: string; stderr: string }> {
  return withFiles([program], (folder, [file]) => ran(join(folder, file as string), [], folder))
}

async function ran(script: string, rest: readonly string[], folder: string): Promise<{ code: number; stdout: string; stderr: string }> {
  // Nodes that find each other on this machine are to find only those of the program.
  const options = { env: { ...process.env, XDG_RUNTIME_DIR: folder }, timeout: 20_000 }
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [script, ...rest], options)) }
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string }
  }
}
