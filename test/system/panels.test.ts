// Data behind every panel: real nodes in trouble, real Prometheus, and every query of every board asked of it.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { panelQueries } from '#grafana/queries.ts'
import { PROGRAMS, Stack } from '../drill/stack.ts'
import { missing } from './support/debian.ts'
import { endCommands } from './support/os.ts'

const ABSENT = PROGRAMS.map(missing).find((reason) => reason !== undefined)
const QUERIES = panelQueries('15s')

/** Parts of queries that may find nothing here, and why. */
const MAY_BE_EMPTY: Readonly<Record<string, string>> = {
  otp_quarantines_total: 'a lot that crashes comes up again: none fails wherever it goes',
  otp_application_starts_total: 'the auctions are no application',
  otp_application_stops_total: 'the auctions are no application',
  otp_telemetry_subscribers_detached_total: 'no listener throws',
  otp_arbiter_: 'names are settled when they meet here',
  gnatsd_: 'there is no engine here',
  jetstream_: 'there is no engine here',
}

let stack: Stack
let from = 0

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data?: { readonly result: readonly unknown[] }
}

async function answerTo(expr: string): Promise<Answer> {
  const range = new URLSearchParams({ query: expr, start: String(from), end: String(Date.now() / 1000), step: '1' })
  const response = await fetch(`${stack.prometheus}/api/v1/query_range?${range.toString()}`)
  return (await response.json()) as Answer
}

/** Load all the time; crashes, a dead node, a deploy, a cut, and processes that fall behind. */
async function trouble(): Promise<void> {
  await Promise.all([
    stack.ask('n1', '/chaos/storm', { crashes: 200, perSecond: 20 }),
    stack.ask('n1', '/chaos/call-nobody', { calls: 200, perSecond: 20 }),
    stack.ask('n1', '/chaos/stones', { count: 10, work: 5, ms: 500 }),
    stack.ask('n1', '/chaos/labels', { behaviours: 210 }),
  ])
  await stack.end('n3', 'SIGKILL')
  await stack.rejoin('n3')
  await stack.cut('n3', 4000)
  await stack.end('n2', 'SIGTERM')
  await stack.rejoin('n2')
  stack.collector.isBroken = true
  await stack.ask('n3', '/chaos/storm', { crashes: 1000, perSecond: 500 })
  await sleep(6000)
}

beforeAll(async () => {
  if (ABSENT !== undefined) return
  stack = await Stack.start({ factor: 1 / 30, settings: {}, load: true })
  from = Date.now() / 1000
  await trouble()
}, 180_000)

afterAll(async () => {
  await (stack as Stack | undefined)?.stop()
  await endCommands()
})

describe('after trouble of every kind', () => {
  test('every query of every panel is answered, and has data where there was cause', async (context) => {
    context.skip(ABSENT !== undefined, ABSENT)
    const faults: string[] = []
    for (const { board, panel, expr } of QUERIES) {
      const { status, error, data } = await answerTo(expr)
      const mayBeEmpty = Object.keys(MAY_BE_EMPTY).some((part) => expr.includes(part))
      if (status !== 'success') faults.push(`${board}, ${panel}: ${error}`)
      else if (data?.result.length === 0 && !mayBeEmpty) faults.push(`${board}, ${panel}: nothing for ${expr}`)
    }
    expect(faults).toEqual([])
  })

  test('an error and an answer without data are told apart from one with data', async (context) => {
    context.skip(ABSENT !== undefined, ABSENT)
    expect(await answerTo('sum(')).toMatchObject({ status: 'error' })
    expect(await answerTo('otp_no_such_metric')).toMatchObject({ status: 'success', data: { result: [] } })
    expect((await answerTo('otp_processes')).data?.result.length).toBeGreaterThan(0)
  })

  test('what may be empty is still asked for', () => {
    expect(Object.keys(MAY_BE_EMPTY).filter((part) => !QUERIES.some(({ expr }) => expr.includes(part)))).toEqual([])
  })
})
