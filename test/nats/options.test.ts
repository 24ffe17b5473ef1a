// What a connection to NATS is told: addresses, and everything that is wrong at once.
import { describe, expect, test } from 'vitest'
import { checkOptions, type NatsOptions, serverAddress } from '#src/nats/options.ts'

const right: NatsOptions = { servers: ['nats-1:4222'], cluster: 'shop' }

describe('options of NATS', () => {
  test('addresses with and without scheme, port, brackets and password are taken apart', () => {
    expect(serverAddress('nats')).toEqual({ address: 'nats:4222', isEncrypted: false, user: undefined, password: undefined })
    expect(serverAddress('nats://10.0.0.1:14222/')).toMatchObject({ address: '10.0.0.1:14222', isEncrypted: false })
    expect(serverAddress('tls://[::1]:4222')).toMatchObject({ address: '[::1]:4222', isEncrypted: true })
    expect(serverAddress('nats://ada:p%40ss@nats')).toEqual({ address: 'nats:4222', isEncrypted: false, user: 'ada', password: 'p@ss' })
  })

  test('what is right passes', () => {
    const all = {
      replicas: 3,
      caFile: 'ca',
      certFile: 'cert',
      keyFile: 'key',
      credentialsFile: 'creds',
      requestMs: 1,
      connectMs: 1,
      pingMs: 1,
    }
    expect(() => checkOptions({ ...right, ...all })).not.toThrow()
  })

  test.for<[string, Partial<NatsOptions>, RegExp]>([
    ['no server', { servers: [] }, /servers: expected one or more/],
    ['another scheme', { servers: ['http://nats'] }, /servers: expected host:port/],
    ['a cluster that is no part of a name', { cluster: 'a.b' }, /cluster: expected 1 to 64 letters/],
    ['two replicas', { replicas: 2 }, /replicas: expected 1, 3 or 5, got 2/],
    ['two ways to sign in', { credentialsFile: 'a', nkeyFile: 'b' }, /expected one of a file of credentials/],
    ['a password besides', { servers: ['nats://a:b@c'], nkeyFile: 'b' }, /expected one of a file of credentials/],
    ['a certificate without its key', { caFile: 'a', certFile: 'b' }, /a certificate and its key/],
    ['a certificate without an authority', { certFile: 'b', keyFile: 'c' }, /the authority of the servers/],
    ['no time at all', { requestMs: 0 }, /requestMs: expected milliseconds above 0, got 0/],
  ])('%s is refused', ([, change, message]) => {
    expect(() => checkOptions({ ...right, ...change })).toThrow(message)
  })

  test('everything that is wrong is told at once, and no password', () => {
    try {
      checkOptions({ servers: ['nats://ada:geheim@a b'], cluster: '', replicas: 0 })
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_OTP_NATS_BAD_OPTIONS' })
      expect(String(error).split('\n')).toHaveLength(4)
      expect(String(error)).not.toContain('geheim')
    }
  })
})
