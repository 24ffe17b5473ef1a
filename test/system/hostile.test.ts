// What must not harm a running cluster: wrong requests, wrong secrets, wrong bytes, wrong settings.
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { Command, endCommands } from './support/os.ts'
import { Run } from './support/run.ts'

const ALL = ['n1', 'n2', 'n3']
let run: Run

beforeAll(async () => {
  run = await Run.start(['--no-load'])
})

afterAll(async () => {
  await endCommands()
  await run?.stop()
})

/** After whatever was done to it, the cluster is whole and its lots answer. */
async function unharmed(): Promise<void> {
  for (const name of ALL) {
    const { members, missing } = await run.members(name)
    expect(members.map((member) => `${member.name} ${member.status}`).toSorted()).toEqual(['n1 up', 'n2 up', 'n3 up'])
    expect(missing).toEqual([])
    expect(await run.registry(name)).toHaveLength(100)
  }
  const { status } = await run.post('n1', '/lots/lot-001/bids', { bidder: 'ada', amount: Date.now() })
  expect(status).toBe(200)
}

function node(settings: Readonly<Record<string, string>>): Command {
  return new Command(process.execPath, ['src/main.ts'], {
    OTP_NODE_NAME: 'n9',
    OTP_HTTP_PORT: '0',
    OTP_METRICS_PORT: '0',
    OTP_RUNTIME_DIR: run.directory,
    ...settings,
  })
}

test.for([
  ['/lots/lot-001/bids', { bidder: 'ada', amount: 'ten' }, 400, 'body.amount: expected a number above 0, got "ten"'],
  ['/lots/lot-001/bids', { bidder: 'ada', amount: '10' }, 400, 'body.amount: expected a number above 0, got "10"'],
  ['/lots/lot-001/bids', '{"bidder":"ada","amount":NaN}', 400, 'not valid JSON'],
  ['/lots/lot-001/bids', { amount: 5 }, 400, 'body.bidder: expected a text of 1 to 100 characters, got nothing'],
  ['/lots/nowhere/bids', { bidder: 'ada', amount: 5 }, 404, "there is no lot 'nowhere'"],
  ['/lots', { id: 'lot-001', title: 'again' }, 409, "lot 'lot-001' exists"],
  ['/lots', { id: '../etc', title: 'x' }, 400, 'body.id: expected 1 to 100 letters'],
  ['/lots', { title: 'x'.repeat(100_000) }, 413, 'body is too large'],
  ['/lots', '{"title":"x","__proto__":{"reserve":1}}', 400, 'not valid JSON'],
  ['/nothing', {}, 404, 'there is no POST /nothing here'],
] as const)('POST %s with %o answers %i', async ([path, body, status, detail]) => {
  for (const name of ALL) {
    const answer = await run.post(name, path, body)
    expect([answer.status, answer.type]).toEqual([status, expect.stringContaining('application/problem+json')])
    expect(answer.body.detail).toContain(detail)
  }
})

test.for([
  '/observer/v1/registry?limit=0',
  '/observer/v1/events?after=yesterday',
  '/observer/v1/cluster?x=1',
  '/lots?limit=many',
  '/observer/v1/%',
])('GET %s answers 400', async (path) => {
  for (const name of ALL) expect(await run.get(name, path)).toMatchObject({ status: 400, detail: expect.any(String) })
})

test('a node with another secret stays outside, and that is told', async () => {
  const refusals = () => run.metric(ALL, 'otp_handshakes_refused_total', 'reason="secret"')
  const before = await refusals()
  const stranger = node({ OTP_SECRET: 'not the secret of this run' })
  await eventually('a refusal is counted', 10_000, async () => (await refusals()) > before)
  await eventually('the event is in the log', 3000, async () => {
    const events = await run.events('n1')
    return events.some(({ type, data }) => type === 'cluster.handshake_refused' && data.reason === 'secret')
  })
  await unharmed()
  expect((await run.statusOf('n9', 'n1')).length).toBe(0)
  stranger.kill('SIGTERM')
  expect((await stranger.ended).code).toBe(0)
  await unharmed()
})

test.for([
  ['random bytes', 'garbage', Buffer.concat([Buffer.of(0), randomBytes(4096)])],
  ['a request of HTTP', 'garbage', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['a client of TLS', 'tls', Buffer.from('16030100c8010000c40303', 'hex')],
  ['a node of a later protocol', 'version', Buffer.from('OTPL\x08\x09')],
  ['a handshake that is too long', 'limit', Buffer.from('OTPL\x01\x01\x01\xff\xff', 'latin1')],
  ['a frame of 4 GiB', 'garbage', Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff]), Buffer.alloc(1024, 7)])],
  ['a megabyte of zeros', 'garbage', Buffer.alloc(1_000_000)],
] as const)('%s at the cluster port: the connection is closed, refused as %s and counted, nothing else', async ([, reason, bytes]) => {
  const refusals = () => run.metric(ALL, 'otp_handshakes_refused_total', `reason="${reason}"`)
  for (const name of ALL) {
    const before = await refusals()
    await new Promise<void>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: run.clusterPort(name) }, () => socket.write(bytes))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      // What it says is read to the end: otherwise its end is never seen.
      socket.resume()
    })
    await eventually(`${name} counts a refusal`, 5000, async () => (await refusals()) > before)
  }
  await unharmed()
})

test('a misspelt setting ends a node with 1 and says which was meant', async () => {
  const command = node({ OTP_SECERT: 'a secret that nobody reads' })
  expect((await command.ended).code).toBe(1)
  expect(command.stderr).toContain('ERR_OTP_CONFIG')
  expect(command.stderr).toContain('OTP_SECERT is no setting; did you mean OTP_SECRET?')
  expect(command.stderr).not.toContain('nobody reads')
})

test('a node whose port is taken ends with 1 and says which', async () => {
  const command = node({ OTP_SECRET: run.secret, OTP_METRICS_PORT: String(run.portBase + 5101) })
  expect((await command.ended).code).toBe(1)
  expect(command.stderr).toContain(`127.0.0.1:${run.portBase + 5101} is taken by another process`)
  await eventually('the cluster is whole again', 5000, async () => (await run.members('n1')).missing.length === 0)
})
