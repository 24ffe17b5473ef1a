// The error of misuse: a stable code to branch on, and a message that says what was expected, what came and what to do.

/** Codes are `ERR_OTP_<ROOM>_<WHAT>`; `docs/reference/errors.md` lists them. */
export type ErrorCode = `ERR_OTP_${string}`

/** Thrown for misuse only: expected outcomes are returned, failed calls reject with `ExitError`. */
export class CodedError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CodedError'
    this.code = code
  }
}
