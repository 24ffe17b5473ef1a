// Kubernetes rehearsed without Kubernetes: a rolling update and a change of the secret, under load, with the settings of the manifests.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseEnv } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { sumOf } from '#test/support/metrics-page.ts'
import { whyNoNetwork } from './support/network.ts'
import { Rehearsal } from './support/platform/rehearsal.ts'

const missing = whyNoNetwork()
let rehearsal: Rehearsal | undefined

beforeEach(({ skip }) => skip(missing !== undefined, missing))
afterEach(async () => {
  await rehearsal?.stop()
  rehearsal = undefined
})

/** Of the base, with those of the component that watches EndpointSlices. */
function settings(): Record<string, string> {
  const {
    OTP_SECRET_FILE: _file,
    OTP_OBSERVER_TOKEN_FILE: _token,
    ...base
  } = parseEnv(readFileSync('k8s/base/settings.env', 'utf8')) as Record<string, string>
  return {
    ...base,
    OTP_OBSERVER_TOKEN: 'a-token-of-enough-length',
    OTP_TOPOLOGIES: 'kubernetes,dns',
    OTP_KUBERNETES_SERVICE: 'otp-nodes',
    OTP_KUBERNETES_PORT: 'cluster',
  }
}

async function total(metric: string, label = ''): Promise<number> {
  const pages = await Promise.all((rehearsal as Rehearsal).names.map((name) => (rehearsal as Rehearsal).metrics(name)))
  return pages.reduce((all, page) => all + sumOf(page, metric, label), 0)
}

async function allUp(): Promise<void> {
  await eventually('each node sees three', 20_000, async () => (await total('otp_cluster_members', 'status="up"')) === 9)
}

test('a rolling update under load loses no accepted bid and fails no call, whatever the API server does meanwhile', {
  timeout: 300_000,
}, async () => {
  rehearsal = await Rehearsal.start(settings())
  const { platform } = rehearsal
  await allUp()
  await platform.tell('bid', { lots: 60, bidders: 6 })
  await sleep(1000)
  const heard = (address: string) => rehearsal?.logged(new RegExp(`${address}:.*"topology.peer_terminating"`)) ?? []
  for (const name of ['otp-2', 'otp-1', 'otp-0'] as const) {
    const before = rehearsal.address(name)
    const { code, log, stoppedMs, readyMs } = await rehearsal.replace(name, async () => {
      if (name === 'otp-0') return
      // When everybody has heard that it is on its way out, itself too, nothing new is placed there.
      await eventually('all three know who ends', 10_000, () => heard(before).length === 3)
      const nodes = await platform.tell('open', { prefix: `while-${name}-ends`, lots: 30 })
      expect(nodes).not.toContain(name)
      expect(new Set(nodes).size).toBe(2)
      if (name === 'otp-1') await platform.tell('forget', undefined)
    })
    console.log(`${name}: ended ${stoppedMs} ms after the signal, the next one was ready after ${readyMs} ms`)
    expect([name, code, log.includes('could not stop in time')]).toEqual([name, 0, false])
    expect(rehearsal.address(name)).not.toBe(before)
    // From here to the end the API server is away: DNS alone tells of the next pod.
    if (name === 'otp-1') {
      const away = Array.from({ length: 500 }, () => 'reset' as const)
      await platform.tell('mishaps', { list: away, watch: away })
      await platform.tell('breakConnections', undefined)
    }
    await allUp()
    await sleep(500)
  }
  const bidding = await platform.tell('account', undefined)
  expect(bidding.lost).toEqual([])
  if (bidding.failed.length > 0)
    console.log(
      rehearsal
        .logged(/lot-|joined|member/)
        .slice(-200)
        .join('\n'),
    )
  expect(bidding.failed).toEqual([])
  expect(bidding.accepted).toBeGreaterThan(300)
  // A deploy is no storm, and nobody was taken for dead.
  expect(await total('otp_supervisor_restarts_total', 'cause="crash"')).toBe(0)
  expect(await total('otp_cluster_membership_changes_total', 'change="down"')).toBe(0)
  console.log(`rolling update: ${bidding.accepted} bids accepted, the slowest answer after ${bidding.slowestMs} ms`)
})

test('the secret is changed under load: no call fails, nobody is refused, and nobody is taken for dead', { timeout: 300_000 }, async () => {
  rehearsal = await Rehearsal.start(settings(), 1)
  const { platform, names } = rehearsal
  await allUp()
  await platform.tell('bid', { lots: 30, bidders: 3 })
  const [old] = rehearsal.secret as [string]
  const next = randomBytes(24).toString('base64')
  for (const lines of [[old, next], [next, old], [next]]) {
    for (const name of names) {
      // Pods see it one after the other; meanwhile links break and are made anew between those that have and those that have not.
      rehearsal.writeSecret(name, lines)
      for (const other of names) rehearsal.breakLinks(other)
      await sleep(300)
      await eventually('all links are there again', 3000, async () => (await total('otp_cluster_members', 'status="up"')) === 9)
    }
  }
  const bidding = await platform.tell('account', undefined)
  expect([bidding.lost, bidding.failed]).toEqual([[], []])
  expect(await total('otp_link_reconnects_total')).toBeGreaterThan(9)
  expect(await total('otp_handshakes_refused_total', 'reason="secret"')).toBe(0)
  expect(await total('otp_secrets_refused_total')).toBe(0)
  expect(await total('otp_cluster_membership_changes_total', 'change="down"')).toBe(0)
  console.log(`change of the secret: ${bidding.accepted} bids accepted, the slowest answer after ${bidding.slowestMs} ms`)
})
