// The port of what is too large for a value of the engine: bytes under a name, written once. Who implements it owes what is written here.

/** Names are any text up to 1,000 characters; each is written once, and never again after it was deleted. Every call rejects if nobody answers in time. */
export interface Blobs {
  /** Resolves when the bytes hold, whichever servers of the engine fail then. Rejected, it may be there, or may come yet; nobody ever sees a part. */
  put(name: string, bytes: Uint8Array): Promise<void>
  /** All that was put, as the engine's leader has it; `undefined` if there is no such blob. */
  get(name: string): Promise<Uint8Array | undefined>
  /** Nothing happens if there is no such blob. */
  delete(name: string): Promise<void>
  /** The names of all blobs there are: for finding those that nobody refers to. */
  names(): Promise<readonly string[]>
}
