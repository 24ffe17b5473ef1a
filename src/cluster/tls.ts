// What a node shows and asks for where links run over TLS, and files that are read anew, so that rotated certificates are taken.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { CodedError } from '#base'

/** All in PEM. A peer is believed only with a certificate of the authority, in both directions. */
export interface TlsOptions {
  /** This node's certificate, and those between it and the authority. */
  readonly cert: string
  readonly key: string
  /** Who signs the certificates of nodes. Best an authority that signs nothing else. */
  readonly ca: string
  /** A DNS name that every node's certificate must carry. Default: none; peers are dialled by addresses that change. */
  readonly peerName?: string | undefined
}

/** Asked for every new connection. */
export type TlsSource = () => TlsOptions

export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
  readonly peerName?: string | undefined
}

/** Reads the files each time it is asked; throws what reading throws. */
export function tlsFromFiles({ certFile, keyFile, caFile, peerName }: TlsFiles): TlsSource {
  const read = (file: string) => readFileSync(file, 'utf8')
  return () => ({ cert: read(certFile), key: read(keyFile), ca: read(caFile), peerName })
}

/** Certificates that are good to use, as TLS takes them. */
export interface TlsMaterial extends TlsOptions {
  readonly context: SecureContext
}

/** Holds the last certificates that were good: a rotation that is half done, or done wrong, cuts nobody off. */
export class TlsCredentials {
  readonly #source: TlsSource
  readonly #onFailure: (error: string) => void
  #material: TlsMaterial
  #lastFailure: string | undefined

  /** Throws `ERR_OTP_CLUSTER_TLS` if the certificates cannot be used now. `onFailure` is told once of each reason why later ones cannot. */
  constructor(source: TlsSource, onFailure: (error: string) => void) {
    this.#source = source
    this.#onFailure = onFailure
    try {
      this.#material = load(source())
    } catch (error) {
      throw new CodedError('ERR_OTP_CLUSTER_TLS', `expected a certificate, its key and its authority in PEM: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  /** Those that hold now; the same object as long as they are the same. */
  get material(): TlsMaterial {
    try {
      const given = this.#source()
      if (!isSame(given, this.#material)) this.#material = load(given)
      this.#lastFailure = undefined
    } catch (error) {
      const { message } = error as Error
      if (message !== this.#lastFailure) this.#onFailure(message)
      this.#lastFailure = message
    }
    return this.#material
  }
}

function load({ cert, key, ca, peerName }: TlsOptions): TlsMaterial {
  // A context takes anything for an authority, and then trusts nobody.
  void new X509Certificate(ca)
  return { cert, key, ca, peerName, context: createSecureContext({ cert, key, ca, minVersion: 'TLSv1.3' }) }
}

function isSame(one: TlsOptions, other: TlsOptions): boolean {
  return one.cert === other.cert && one.key === other.key && one.ca === other.ca && one.peerName === other.peerName
}
