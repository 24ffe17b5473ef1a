// How a connection proves itself, read anew from files each time: what was rotated is taken with the next connection.
import { readFileSync } from 'node:fs'
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node'
import { type NatsOptions, serverAddress } from './options.ts'

/** Throws what reading throws, and if a file does not hold what it should. */
export function signIn(options: NatsOptions): Pick<ConnectionOptions, 'authenticator' | 'tls'> {
  const authenticator = authenticatorOf(options)
  const tls = tlsOf(options)
  return { ...(authenticator === undefined ? {} : { authenticator }), ...(tls === undefined ? {} : { tls }) }
}

function authenticatorOf({ credentialsFile, nkeyFile, servers }: NatsOptions): Authenticator | undefined {
  if (credentialsFile !== undefined) return tried(credentialsFile, credsAuthenticator(readFileSync(credentialsFile)))
  if (nkeyFile !== undefined) return tried(nkeyFile, nkeyAuthenticator(Buffer.from(readFileSync(nkeyFile, 'utf8').trim())))
  const { user, password } = servers.map(serverAddress).find(({ user }) => user !== undefined) ?? {}
  return user === undefined ? undefined : usernamePasswordAuthenticator(user, password)
}

/** One that throws would end the connection where the client asks it, without a word of why. */
function tried(file: string, authenticator: Authenticator): Authenticator {
  try {
    authenticator('a nonce')
    return authenticator
  } catch (error) {
    throw new Error(`${file} does not hold what it should: ${(error as Error).message}`, { cause: error })
  }
}

function tlsOf({ caFile, certFile, keyFile, servers }: NatsOptions): ConnectionOptions['tls'] | undefined {
  const isMeant = caFile !== undefined || servers.some((text) => serverAddress(text).isEncrypted)
  if (!isMeant) return undefined
  const read = (name: string, file: string | undefined) => (file === undefined ? {} : { [name]: readFileSync(file, 'utf8') })
  return { ...read('ca', caFile), ...read('cert', certFile), ...read('key', keyFile) }
}
