// What makes two crashes the same crash: who crashed, on what, and where in the code. Pure.
import { Crash, describeExit, type ExitReason } from '#process'

/** What is known of an error without looking at its stack, which costs as much as the rest of a crash. */
export interface ErrorKind {
  /** Name and message; numbers and quoted texts, which differ each time, are left out. */
  readonly error: string
  readonly stackOf: () => string | undefined
}

const LONGEST = 200

export function errorKind(reason: ExitReason): ErrorKind {
  const text = describeExit(reason).slice(0, LONGEST)
  const error = text.replace(/"[^"]*"|'[^']*'|`[^`]*`/g, '…').replace(/\b(?:0x)?\d[\w.]*\b/g, '#')
  return { error, stackOf: () => (reason instanceof Crash ? reason.error.stack : undefined) }
}

/** Function and file of the first line of a stack that is not Node's own, without its place: that differs from release to release. */
export function topFrame(stack: string | undefined): string | null {
  for (const line of stack?.split('\n') ?? []) {
    const match = /^\s+at (?:(?:async )?(.+?) \()?(?:file:\/\/)?(.+?):\d+:\d+\)?$/.exec(line)
    const [, name = '<anonymous>', file] = match ?? []
    if (file === undefined || file.startsWith('node:')) continue
    return `${name} (${file.split('/').slice(-2).join('/')})`
  }
  return null
}

/** 64 bits of FNV-1a, in hexadecimal: the same on every node. */
export function fingerprint(behaviour: string, error: string, frame: string | null): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(`${behaviour}\n${error}\n${frame ?? ''}`)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, '0')
}
