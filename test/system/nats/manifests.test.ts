// The servers that the manifests describe, run here: their configuration as it is applied, but for addresses and folders; and nodes' access to them.
import { randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connectNats, type Nats, type NatsOptions } from '#nats'
import { Authority } from '#test/support/certificates.ts'
import { eventually } from '#test/support/eventually.ts'
import { userNkey } from '#test/support/nkey.ts'
import { NATS_SERVER, NO_NATS } from '../support/nats.ts'
import { Command, Directory, endCommands } from '../support/os.ts'

const CONFIG = readFileSync('k8s/components/nats/nats.conf', 'utf8')
const SERVERS = [0, 1, 2]
const READY_MS = 30_000

describe('three servers as the component nats has them', () => {
  const directory = new Directory()
  const authority = new Authority()
  const user = userNkey()
  const next = userNkey()
  const net = `127.${randomInt(1, 250)}.${randomInt(1, 250)}`
  const addresses = SERVERS.map((index) => `${net}.${index + 1}`)
  const commands: Command[] = []
  const open: Nats[] = []

  const file = (name: string, content: string): string => {
    const path = join(directory.path, name)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }
  const pidFile = (index: number): string => join(directory.path, `nats-${index}.pid`)

  function start(index: number): void {
    const own = addresses[index] as string
    const home = join(directory.path, String(index))
    mkdirSync(home)
    // Dialled by its address, a server is asked by the client for the name localhost.
    const { cert, key, ca } = authority.issue([own, 'localhost'])
    for (const [name, text] of Object.entries({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca })) writeFileSync(join(home, name), text)
    let config = CONFIG.replaceAll('0.0.0.0', own)
      .replaceAll('/run/secrets/otp-nats-tls', home)
      .replace('/run/nats/nats.pid', pidFile(index))
      .replace('store_dir: /data', `store_dir: ${join(home, 'data')}`)
    for (const [other, address] of addresses.entries()) config = config.replaceAll(`otp-nats-${other}.otp-nats`, address)
    const env = { POD_NAME: `otp-nats-${index}`, OTP_NATS_USERS: `[{nkey: ${user.public}}, {nkey: ${next.public}}]` }
    commands.push(new Command(NATS_SERVER as string, ['-c', file(`nats-${index}.conf`, config)], env))
  }

  const options = (more: Partial<NatsOptions> = {}): NatsOptions => ({
    servers: addresses.map((address) => `tls://${address}:4222`),
    cluster: 'otp-labs',
    replicas: 3,
    nkeyFile: join(directory.path, 'seed'),
    caFile: join(directory.path, 'ca.crt'),
    ...more,
  })

  async function connect(more?: Partial<NatsOptions>): Promise<Nats> {
    const nats = await connectNats(options(more))
    open.push(nats)
    return nats
  }

  const health = async (index: number, path = '/healthz'): Promise<number> =>
    (await fetch(`http://${addresses[index]}:8222${path}`, { signal: AbortSignal.timeout(1000) })).status

  beforeAll(async () => {
    if (NO_NATS !== undefined) return
    file('seed', `${user.seed}\n`)
    file('ca.crt', authority.ca)
    for (const index of SERVERS) start(index)
    for (const index of SERVERS) await eventually(`server ${index} is well`, READY_MS, async () => (await health(index)) === 200)
  })

  beforeEach((context) => context.skip(NO_NATS !== undefined, NO_NATS))

  afterAll(async () => {
    for (const nats of open) await nats.close()
    for (const command of commands) command.kill('SIGKILL')
    await endCommands()
    directory.remove()
  })

  test('answer the probes that the manifests have', async () => {
    for (const path of ['/healthz', '/healthz?js-server-only=true', '/healthz?js-enabled-only=true']) {
      expect([path, await health(0, path)]).toEqual([path, 200])
    }
  })

  test('let a node do all that it does with names, states and large states, and no more', async () => {
    const nats = await connect()
    const names = await nats.names()
    const first = await names.put('name.lot-1', Buffer.from('one'), 0, 3_600_000)
    expect(first).toBeGreaterThan(0)
    expect(await names.put('name.lot-1', Buffer.from('two'), 0)).toBeUndefined()
    expect(await names.get('name.lot-1')).toEqual({ value: Buffer.from('one'), revision: first })
    expect(await names.delete('name.lot-1', first as number, 1000)).toBeGreaterThan(first as number)
    const { keyValue, blobs } = await nats.states()
    expect(await keyValue.put('lot-1', Buffer.from('state'), 0)).toBeGreaterThan(0)
    const large = Buffer.alloc(3_000_000, 'x')
    await blobs.put('lot-1', large)
    expect(large.equals((await blobs.get('lot-1')) as Uint8Array)).toBe(true)
    expect(await blobs.names()).toEqual(['lot-1'])
    await blobs.delete('lot-1')
    expect(await blobs.get('lot-1')).toBeUndefined()
  })

  test('let the next user in beside the one whose place it takes, with the same rights', async () => {
    const names = await (await connect({ nkeyFile: file('next', next.seed) })).names()
    expect(await names.put('name.lot-3', Buffer.from('x'), 0)).toBeGreaterThan(0)
    const other = await connect({ cluster: 'others', requestMs: 1500, nkeyFile: file('next', next.seed) })
    await expect(other.names()).rejects.toMatchObject({ code: 'ERR_OTP_NATS_DENIED' })
  })

  test('keep a node out of the buckets of another cluster', async () => {
    const other = await connect({ cluster: 'others', requestMs: 1500 })
    await expect(other.names()).rejects.toMatchObject({ code: 'ERR_OTP_NATS_DENIED' })
  })

  test('let nobody in whom they do not know, and nobody without TLS', async () => {
    const stranger = file('stranger', userNkey().seed)
    await expect(connectNats(options({ nkeyFile: stranger }))).rejects.toMatchObject({ code: 'ERR_OTP_NATS_CONNECT' })
    const elsewhere = file('elsewhere.crt', new Authority().ca)
    await expect(connectNats(options({ caFile: elsewhere }))).rejects.toMatchObject({ code: 'ERR_OTP_NATS_CONNECT' })
    const plain = addresses.map((address) => `nats://${address}:4222`)
    await expect(connectNats(options({ servers: plain, caFile: undefined }))).rejects.toMatchObject({ code: 'ERR_OTP_NATS_CONNECT' })
  })

  test('give away what they lead when their pod is told to end, before they end', async () => {
    const names = await (await connect()).names()
    const leader = await eventually('the bucket of names has a leader', READY_MS, async () => {
      const answer = await fetch(`http://${addresses[0]}:8222/jsz?accounts=true&streams=true`)
      const { account_details: accounts = [] } = (await answer.json()) as {
        account_details?: { stream_detail?: { name: string; cluster?: { leader?: string } }[] }[]
      }
      return accounts.flatMap(({ stream_detail = [] }) => stream_detail).find(({ name }) => name === 'KV_otp_otp-labs_names')?.cluster
        ?.leader
    })
    const index = Number(leader?.at(-1))
    const told = new Command(NATS_SERVER as string, ['--signal', `ldm=${pidFile(index)}`])
    expect(await told.ended).toMatchObject({ code: 0 })
    let revision = 0
    await eventually('names are written again', READY_MS, async () => {
      revision = (await names.put('name.lot-2', Buffer.from('x'), revision)) ?? 0
      return revision > 0
    })
    // What the kubelet sends next does not cut it short.
    commands[index]?.kill('SIGTERM')
    await eventually('it is seen to go', READY_MS, () => /lame duck/i.test(commands[index]?.stderr ?? ''))
    expect(commands[index]?.stderr).not.toMatch(/Server Exiting/)
  })
})
