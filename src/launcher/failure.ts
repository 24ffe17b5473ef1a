// Why a program of the launcher could not do what it was asked, in words for the person at the terminal.

/** Exit code 2: it was called wrongly; 1: it could not be done. */
export class LaunchFailure extends Error {
  readonly exitCode: 1 | 2

  constructor(exitCode: 1 | 2, message: string) {
    super(message)
    this.name = 'LaunchFailure'
    this.exitCode = exitCode
  }
}

/** Ends the OS process with the failure's message; with the stack of what nobody foresaw. */
export function failWith(error: unknown): never {
  const isForeseen = error instanceof LaunchFailure
  process.stderr.write(`${isForeseen ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(isForeseen ? error.exitCode : 1)
}
