// Who may do what at a server of NATS: old servers, permissions of a cluster, encrypted links, and credentials that change.
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { nkeys } from '@nats-io/transport-node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connectNats, type Nats, type NatsOptions } from '#nats'
import { Authority } from '#test/support/certificates.ts'
import { eventually } from '#test/support/eventually.ts'
import { NatsServers, NO_NATS, type ServersOptions, versionOf } from '../support/nats.ts'
import { Operator } from '../support/nats-operator.ts'

/** Notices within a second that a server is gone, and looks for it again at once. */
const QUICK = { requestMs: 1000, connectMs: 1000, pingMs: 300 }
const RECONNECT_WITHIN_MS = 10_000

const bytes = (text: string): Uint8Array => Buffer.from(text)

let servers: NatsServers | undefined
const open: Nats[] = []

beforeEach((context) => context.skip(NO_NATS !== undefined, NO_NATS))

afterEach(async () => {
  for (const nats of open.splice(0)) await nats.close()
  await servers?.stop()
  servers = undefined
})

async function start(options: ServersOptions = {}): Promise<NatsServers> {
  servers = await NatsServers.start(options)
  return servers
}

async function connect(options: Partial<NatsOptions> = {}): Promise<Nats> {
  const nats = await connectNats({ servers: servers?.urls ?? [], cluster: 'shop', ...QUICK, ...options })
  open.push(nats)
  return nats
}

describe('a server that is too old', () => {
  const old = versionOf('nats-server')
  const isOld = old?.startsWith('2.9.') === true

  test('is refused with what is there, what is needed and how to get it', async (context) => {
    context.skip(!isOld, 'no nats-server 2.9 is installed here')
    await start({ program: 'nats-server', sync: '' })
    const refused = connect()
    await expect(refused).rejects.toMatchObject({ code: 'ERR_OTP_NATS_SERVER_TOO_OLD' })
    await expect(refused).rejects.toThrow(`2.11 or later`)
    await expect(refused).rejects.toThrow(`got ${old} at 127.0.0.1`)
    await expect(refused).rejects.toThrow('https://github.com/nats-io/nats-server/releases')
  })

  test('is not used either when it comes in the place of another', async () => {
    const { url } = await start().then((started) => ({ url: started.url(0) }))
    const names = await (await connect()).names()
    await names.put('a', bytes('one'), 0)
    await servers?.kill(0)
    const impostor = await greeter('2.10.27', Number(url.split(':')[1]))
    await eventually('it is refused', RECONNECT_WITHIN_MS, async () => {
      const why = await names.get('a').catch((error: Error) => error.message)
      return typeof why === 'string' && why.includes('got 2.10.27')
    })
    impostor.close()
    await servers?.bringBack(0)
    expect((await eventually('it is used again', RECONNECT_WITHIN_MS, () => names.get('a'))).value).toEqual(Buffer.from('one'))
  })

  /** Says that it is a server of this version, and answers pings. */
  async function greeter(version: string, port: number): Promise<Server> {
    const info = { server_id: 'x', server_name: 'x', version, proto: 1, headers: true, max_payload: 1_048_576, host: '127.0.0.1', port }
    const server = createServer((socket) => {
      socket.write(`INFO ${JSON.stringify(info)}\r\n`)
      socket.on('data', (data) => data.includes('PING\r\n') && socket.write('PONG\r\n'))
      socket.on('error', () => socket.destroy())
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return server
  }
})

describe('the permissions of the documents', () => {
  const documented = /```nats\n([\s\S]*?)```/.exec(readFileSync('docs/how-to/nats.md', 'utf8'))?.[1] as string
  const permissions = (cluster: string): string => documented.replaceAll('shop', cluster)
  const user = (cluster: string): string => `{ user: ${cluster}, password: geheim, permissions: { ${permissions(cluster)} } }`
  const config = `accounts { one { jetstream: enabled, users: [ ${user('shop')}, ${user('farm')} ] } }`
  const url = (name: string): string => `nats://${name}:geheim@${servers?.url(0)}`

  test('suffice for a cluster, and let it see nothing of another on the same account', async () => {
    await start({ config })
    for (const cluster of ['shop', 'farm']) {
      const nats = await connect({ servers: [url(cluster)], cluster })
      const names = await nats.names()
      const revision = (await names.put('name.a', bytes(cluster), 0)) as number
      expect(Buffer.from((await names.get('name.a')).value ?? []).toString()).toBe(cluster)
      await names.delete('name.a', revision, 1000)
      const { keyValue, blobs } = await nats.states()
      await keyValue.put('s', bytes(cluster), 0)
      await blobs.put('large', Buffer.alloc(600_000))
      expect(await blobs.get('large')).toHaveLength(600_000)
      expect(await blobs.names()).toEqual(['large'])
      await blobs.delete('large')
    }
    const intruder = await connect({ servers: [url('farm')], cluster: 'shop' })
    const refused = intruder.names()
    await expect(refused).rejects.toMatchObject({ code: 'ERR_OTP_NATS_DENIED' })
    await expect(refused).rejects.toThrow(/KV_otp_shop_names/)
  })

  test('that are taken away while a cluster runs are told by their subject', async () => {
    await start({ config })
    const names = await (await connect({ servers: [url('shop')] })).names()
    await names.put('name.a', bytes('one'), 0)
    await servers?.configure(config.replaceAll('"$KV.otp_shop_names.>"', ''))
    await eventually('a write is refused', RECONNECT_WITHIN_MS, async () => {
      const why = await names.put('name.a', bytes('two'), 1).catch((error: Error) => error.message)
      return typeof why === 'string' && why.includes('does not permit this account to publish to $KV.otp_shop_names.name.a')
    })
  })

  test('without that to make buckets suffice where an operator has made them, and are refused where not', async () => {
    const without = config.replaceAll(/"\$JS\.API\.STREAM\.CREATE[^"]*"\n/g, '')
    await start({ config: without })
    const nats = await connect({ servers: [url('shop')] })
    await expect(nats.names()).rejects.toMatchObject({ code: 'ERR_OTP_NATS_DENIED' })
    await servers?.configure(config)
    await (await connect({ servers: [url('shop')] })).names()
    await servers?.configure(without)
    const names = await eventually('it is used', RECONNECT_WITHIN_MS, () => nats.names())
    expect(await names.put('name.a', bytes('one'), 0)).toBeGreaterThan(0)
  })
})

describe('a bucket', () => {
  test('that has fewer replicas than are asked for is refused, with each setting that is wrong', async () => {
    await start()
    await (await connect()).names()
    const refused = (await connect({ replicas: 3 })).names()
    await expect(refused).rejects.toMatchObject({ code: 'ERR_OTP_NATS_BUCKET' })
    await expect(refused).rejects.toThrow('num_replicas: expected 3 or more, got 1')
  })

  test('that one server alone cannot make is refused at once', async () => {
    await start()
    await expect((await connect({ replicas: 3, cluster: 'new' })).names()).rejects.toMatchObject({ code: 'ERR_OTP_NATS_BUCKET' })
  })

  test('cannot be made where there is no JetStream', async () => {
    await start({ config: 'accounts { none { users: [ { user: a, password: b } ] } }' })
    const nats = await connect({ servers: [`nats://a:b@${servers?.url(0)}`] })
    await expect(nats.names()).rejects.toMatchObject({ code: 'ERR_OTP_NATS_BUCKET' })
  })
})

describe('whoever signs in', () => {
  test('with a seed in a file is let in, and with another one in it after that has changed', async () => {
    const [first, second] = [nkeys.createUser(), nkeys.createUser()]
    const config = (...keys: (typeof first)[]): string =>
      `accounts { one { jetstream: enabled, users: [ ${keys.map((key) => `{ nkey: ${key.getPublicKey()} }`).join(', ')} ] } }`
    await start({ config: config(first) })
    const nkeyFile = servers?.file('seed', Buffer.from(first.getSeed()).toString()) as string
    const names = await (await connect({ nkeyFile })).names()
    await names.put('a', bytes('one'), 0)
    await servers?.configure(config(second))
    await eventually('it is turned away', RECONNECT_WITHIN_MS, async () => {
      const why = await names.get('a').catch((error: Error) => error.message)
      return typeof why === 'string' && why.includes('cannot be reached')
    })
    servers?.file('seed', Buffer.from(second.getSeed()).toString())
    expect((await eventually('it is let in', RECONNECT_WITHIN_MS, () => names.get('a'))).revision).toBe(1)
  })

  test('with a file of credentials is let in, and with other ones in it after those were revoked', async () => {
    const operator = new Operator()
    const [first, second] = [operator.user(), operator.user()]
    await start({ config: operator.config() })
    const credentialsFile = servers?.file('creds', first.credentials) as string
    const names = await (await connect({ credentialsFile })).names()
    await names.put('a', bytes('one'), 0)
    await servers?.configure(operator.config([first.key]))
    await eventually('it is turned away', RECONNECT_WITHIN_MS, async () => {
      const why = await names.get('a').catch((error: Error) => error.message)
      return typeof why === 'string' && why.includes('cannot be reached')
    })
    // Half of it has been written when it is read.
    servers?.file('creds', second.credentials.slice(0, 300))
    await eventually('it is told why not', RECONNECT_WITHIN_MS, async () => {
      const why = await names.get('a').catch((error: Error) => error.message)
      return typeof why === 'string' && why.includes('does not hold what it should')
    })
    servers?.file('creds', second.credentials)
    expect((await eventually('it is let in', RECONNECT_WITHIN_MS, () => names.get('a'))).revision).toBe(1)
  })

  test('with a file that cannot be read is told so', async () => {
    await start()
    await expect(connect({ credentialsFile: '/nowhere/creds' })).rejects.toThrow(/ENOENT.*\/nowhere\/creds/)
    await expect(connect({ credentialsFile: '/nowhere/creds' })).rejects.toMatchObject({ code: 'ERR_OTP_NATS_CONNECT' })
  })
})

describe('an encrypted link', () => {
  const tls = (verify: boolean): string => {
    const path = (name: string): string => JSON.stringify(servers?.pathOf(name))
    return `tls { cert_file: ${path('server.crt')}, key_file: ${path('server.key')}, ca_file: ${path('ca.crt')}, verify: ${verify} }`
  }

  function certificates(authority: Authority): void {
    const own = authority.issue(['localhost'])
    servers?.file('server.crt', own.cert)
    servers?.file('server.key', own.key)
    servers?.file('ca.crt', authority.ca)
    const client = authority.issue(['client'])
    servers?.file('client.crt', client.cert)
    servers?.file('client.key', client.key)
    servers?.file('client-ca.crt', authority.ca)
  }

  const files = () => ({
    servers: [`tls://localhost:${servers?.url(0).split(':')[1]}`],
    caFile: servers?.pathOf('client-ca.crt'),
    certFile: servers?.pathOf('client.crt'),
    keyFile: servers?.pathOf('client.key'),
  })

  test('is made with the certificates of its files, also after those were rotated', async () => {
    await start()
    const config = tls(true)
    certificates(new Authority())
    await servers?.kill(0)
    await servers?.bringBack(0, config)
    const names = await (await connect(files())).names()
    await names.put('a', bytes('one'), 0)
    // Without a certificate nobody is let in, and not without encryption.
    await expect(connect({ servers: files().servers, caFile: files().caFile })).rejects.toMatchObject({ code: 'ERR_OTP_NATS_CONNECT' })
    certificates(new Authority('the next authority'))
    await servers?.kill(0)
    await servers?.bringBack(0)
    expect((await eventually('it is connected again', RECONNECT_WITHIN_MS, () => names.get('a'))).revision).toBe(1)
  })

  test('is not replaced by a plain one, and not made with a stranger', async () => {
    await start()
    certificates(new Authority())
    await expect(connect(files())).rejects.toThrow(/tls/)
    const config = tls(false)
    certificates(new Authority())
    servers?.file('client-ca.crt', new Authority('somebody else').ca)
    await servers?.kill(0)
    await servers?.bringBack(0, config)
    await expect(connect(files())).rejects.toMatchObject({ code: 'ERR_OTP_NATS_CONNECT' })
  })
})
