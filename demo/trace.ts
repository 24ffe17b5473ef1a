// `npm run demo:trace`: one real bid over two nodes and one child that crashes three times, as their traces tell it.
import { setTimeout as after } from 'node:timers/promises'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { type TracedNode, traced } from './cluster.ts'
import { restartsAsChain, traceAsTree } from './story.ts'

const CRASHES = 3
const LONGEST_MS = 10_000

/** Asks until there is an answer. */
async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const deadline = performance.now() + LONGEST_MS; performance.now() < deadline; await after(10)) {
    const found = await look()
    if (found !== undefined) return found
  }
  throw new Error(`${what} did not come within ${LONGEST_MS} ms`)
}

async function post(url: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const answer = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

/** Opens lots until one has come to live on `node`. */
async function lotOn(node: string, near: TracedNode): Promise<string> {
  for (let i = 0; ; i++) {
    const lot = await post(`${near.url}/lots`, { id: `lot-${i}`, title: 'A chair', reserve: 10 })
    if (lot['node'] === node) return `lot-${i}`
  }
}

const named = (spans: readonly ReadableSpan[], name: string, child: string): ReadableSpan[] =>
  spans.filter((span) => span.name === name && span.attributes['otp.child'] === child)

/** Does it, and answers what the spans say, line by line. */
export async function tellTraces(): Promise<string[]> {
  const { spans, start, end } = traced()
  const near = await start('n1', [])
  const far = await start('n2', [near])
  try {
    await until('the second node', () => (near.node.cluster.candidates().length === 2 ? true : undefined))
    const lot = await lotOn('n2', near)
    await post(`${near.url}/lots/${lot}/bids`, { bidder: 'ada', amount: 20 })
    const isBid = ({ attributes }: ReadableSpan) => attributes['url.path'] === `/lots/${lot}/bids`
    const bid = await until('the span of the bid', () => spans().find(isBid))
    const told = ['One bid, asked of n1, of a lot that lives on n2:', '', ...traceAsTree(spans(), bid.spanContext().traceId)]

    for (let crashes = 1; crashes <= CRASHES; crashes++) {
      await post(`${near.url}/chaos/crash-lot`, { id: lot })
      await until('a restart', () => (named(spans(), 'otp.supervisor.restart', lot).length === crashes ? true : undefined))
    }
    const last = named(spans(), 'otp.supervisor.restart', lot).at(-1) as ReadableSpan
    return [
      ...told,
      '',
      `${lot} crashed ${CRASHES} times; its last restart leads back to the first:`,
      '',
      ...restartsAsChain(spans(), last),
    ]
  } finally {
    await far.stop()
    await near.stop()
    await end()
  }
}

if (import.meta.main) for (const line of await tellTraces()) process.stdout.write(`${line}\n`)
