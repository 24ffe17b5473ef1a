// A program: a node with one process that counts what it is sent; tells its address and its id as JSON, and ends when its standard output is read no more.
import { createNode, genServer, reply } from '#otp-labs'

export const Sink = genServer({
  name: 'sink',
  init: () => 0,
  calls: { count: (count) => reply(count, count) },
  casts: { take: (count, _bytes: Uint8Array) => count + 1 },
})

if (import.meta.main) {
  const node = await createNode({
    name: 'far',
    cluster: 'slow-peer',
    secret: 'the secret of this test',
    children: [{ id: 'sink', start: [Sink], name: 'sink' }],
  })
  process.stdout.write(`${JSON.stringify({ address: node.cluster.address, id: node.id })}\n`)
  process.on('SIGTERM', () => void node.stop().then(() => process.exit(0)))
}
