// `npm start -- --nats`: which server of NATS a run uses, and what its nodes are told of it.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LaunchFailure } from './failure.ts'
import { natsPort } from './ports.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A server of the run's own. */
export interface OwnServer {
  readonly port: number
  readonly password: string
}

export interface NatsPlan {
  /** For every node of the run. */
  readonly settings: Environment
  /** To be started before them; `undefined`: the user has one. */
  readonly server: OwnServer | undefined
}

/** So that what a killed node held goes on elsewhere while somebody looks. */
const LEASE_MS = 5000
const USER = 'run'

/** The server at the user's `NATS_URL`, or one of the run's own; throws `LaunchFailure` (1) that says how to get one if none can be started. */
export async function planNats(portBase: number, user: Environment): Promise<NatsPlan> {
  const { NATS_URL: url = '' } = user
  if (url !== '') return { settings: { ...natsSettings(portBase, user), NATS_URL: url }, server: undefined }
  await checkInstalled(user)
  const server = { port: natsPort(portBase), password: randomBytes(16).toString('hex') }
  const own = `nats://${USER}:${server.password}@127.0.0.1:${server.port}`
  return { settings: { ...natsSettings(portBase, user), NATS_URL: own }, server }
}

function natsSettings(portBase: number, user: Environment): Environment {
  return {
    OTP_STATE_STORE: user.OTP_STATE_STORE ?? 'nats',
    OTP_ARBITER: 'nats',
    OTP_ARBITER_LEASE_MS: user.OTP_ARBITER_LEASE_MS ?? String(LEASE_MS),
    // Another run on the same server is another cluster.
    OTP_NATS_CLUSTER: user.OTP_NATS_CLUSTER ?? `run-${portBase}`,
  }
}

async function checkInstalled(env: Environment): Promise<void> {
  // Only here: a run without NATS does without its client.
  const { isAble, OLDEST_SERVER } = await import('#nats')
  const version = await promisify(execFile)('nats-server', ['--version'], { env }).then(
    ({ stdout }) => / v(\d\S*)/.exec(stdout)?.[1] ?? 'of an unknown version',
    () => undefined,
  )
  if (version !== undefined && isAble(version)) return
  const what = version === undefined ? 'no nats-server is installed' : `the nats-server that is installed is ${version}`
  throw new LaunchFailure(
    1,
    `--nats: ${what}, and NATS_URL is not set. A server of ${OLDEST_SERVER} or later is needed: put the program from\n` +
      'https://github.com/nats-io/nats-server/releases on the PATH, or set NATS_URL to where one runs, such as nats://127.0.0.1:4222\n' +
      '(docker run --rm -p 4222:4222 docker.io/library/nats -js).',
  )
}

/** Writes what the server is to read, into the run's private directory; the path. */
export async function writeServerConfig({ port, password }: OwnServer, directory: string): Promise<string> {
  const store = join(directory, 'nats')
  await mkdir(store, { mode: 0o700 })
  const path = join(directory, 'nats.conf')
  const config = [
    `listen: "127.0.0.1:${port}"`,
    `jetstream { store_dir: ${JSON.stringify(store)}, sync_interval: always }`,
    // Whoever else has an account on this machine can reach the port.
    `authorization { user: ${USER}, password: "${password}" }`,
  ]
  await writeFile(path, `${config.join('\n')}\n`, { mode: 0o600 })
  return path
}
