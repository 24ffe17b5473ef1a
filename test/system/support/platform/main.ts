// A program: what Kubernetes is to nodes, in a network of a test. An API server, a name server, and clients that are led to ready pods.
import { FakeApiServer } from '#test/support/api-server.ts'
import { NameServer } from '#test/support/name-server.ts'
import { Bidders } from './bidders.ts'
import type { Order, PlatformPod, Reply } from './orders.ts'

const [host = '127.0.0.1', name = ''] = process.argv.slice(2)
const api = await new FakeApiServer().start(host)
const names = await NameServer.start(host)
let pods: readonly PlatformPod[] = []
const bidders = new Bidders(() => pods.filter(({ ready }) => ready).map(({ address }) => `http://${address}:4000`))

process.on('disconnect', () => process.exit(0))
process.on('message', (order: Order) => {
  carryOut(order).then(
    (answer) => tell({ id: order.id, answer }),
    (error: unknown) => tell({ id: order.id, error: String(error) }),
  )
})
tell({ started: { api: api.url, names: names.address } })

function tell(reply: Reply): void {
  process.send?.(reply, () => undefined)
}

async function carryOut(order: Order): Promise<unknown> {
  switch (order.what) {
    case 'pods':
      pods = order.order
      api.set('otp-nodes-a', pods)
      // As a headless service has them that publishes what is not ready.
      names.names.set(name, { A: pods.map(({ address }) => address) })
      return undefined
    case 'mishaps':
      api.mishaps.list.push(...(order.order.list ?? []))
      api.mishaps.watch.push(...(order.order.watch ?? []))
      return undefined
    case 'breakConnections':
      api.breakConnections()
      return undefined
    case 'forget':
      api.forgotten = Number.MAX_SAFE_INTEGER
      api.breakConnections()
      setTimeout(() => {
        api.forgotten = 0
      }, 500)
      return undefined
    case 'bid':
      await bidders.open('lot', order.order.lots)
      bidders.start(order.order.bidders)
      return undefined
    case 'open':
      return bidders.open(order.order.prefix, order.order.lots)
    case 'account':
      return bidders.account()
    case 'metrics':
      return (await fetch(`http://${order.order}:9100/metrics`)).text()
    case 'isReady':
      return fetch(`http://${order.order}:9100/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
  }
}
