// What a node proves itself with, and what it takes from peers: secrets that may be changed while the cluster runs.
import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CodedError } from '#base'
import { clusterKey } from './handshake.ts'

/** Asked for every new connection. This node proves itself with the first, and takes a proof with any of them. */
export type SecretSource = () => readonly string[]

/** One secret, or a source of secrets that change. At least 16 bytes each, the same on every node; never sent and never logged. */
export type SecretOption = string | Uint8Array | SecretSource

/** One or several keys; the first is this node's own. */
export type Keys = readonly [KeyObject, ...KeyObject[]]

/** Reads the file each time it is asked: one secret a line, the first of them this node's own. Throws what reading throws. */
export function secretsFromFile(path: string): SecretSource {
  return () =>
    readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
}

/** Holds the last secrets that were good: a change that is half done, or done wrong, cuts nobody off. */
export class Secrets {
  readonly #source: SecretSource | undefined
  readonly #onFailure: (error: string) => void
  #keys: Keys
  #lastFailure: string | undefined

  /** Throws `ERR_OTP_CLUSTER_WEAK_SECRET`, or what the source throws. `onFailure` is told once of each reason why later ones cannot be used. */
  constructor(option: SecretOption, onFailure: (error: string) => void) {
    this.#source = typeof option === 'function' ? option : undefined
    this.#onFailure = onFailure
    this.#keys = typeof option === 'function' ? keysFrom(option()) : [clusterKey(option)]
  }

  /** Those that hold now; the same array as long as they are the same. */
  get keys(): Keys {
    if (this.#source === undefined) return this.#keys
    try {
      const given = keysFrom(this.#source())
      if (!isSame(given, this.#keys)) this.#keys = given
      this.#lastFailure = undefined
    } catch (error) {
      const { message } = error as Error
      if (message !== this.#lastFailure) this.#onFailure(message)
      this.#lastFailure = message
    }
    return this.#keys
  }
}

function keysFrom(secrets: readonly string[]): Keys {
  const [own, ...others] = secrets.map(clusterKey)
  if (own !== undefined) return [own, ...others]
  throw new CodedError('ERR_OTP_CLUSTER_WEAK_SECRET', 'expected a cluster secret, got none; make one with: openssl rand -base64 32')
}

function isSame(one: Keys, other: Keys): boolean {
  return one.length === other.length && one.every((key, index) => key.equals(other[index] as KeyObject))
}
