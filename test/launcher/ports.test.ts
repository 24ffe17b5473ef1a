// The ports of a run: which they are, and what is said of one that is taken, or of no use.

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { BLOCKED_PORTS } from '#src/launcher/blocked-ports.ts'
import { checkPorts, neededPorts, portsOf } from '#src/launcher/ports.ts'

test('node i has HTTP on the base plus i, and metrics 5100 above that', () => {
  expect(portsOf(4000, 1)).toEqual({ http: 4001, metrics: 9101 })
  expect(neededPorts(4100, [1, 3])).toEqual([
    { port: 4101, use: 'the HTTP of n1', isBrowsed: true },
    { port: 9201, use: 'the metrics of n1', isBrowsed: true },
    { port: 4103, use: 'the HTTP of n3', isBrowsed: true },
    { port: 9203, use: 'the metrics of n3', isBrowsed: true },
  ])
})

test('a taken port is named, with what it was for and what to do; once let go it is free', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const needed = [{ port, use: 'the HTTP of n2', isBrowsed: true }]
  const told = `port ${port} (the HTTP of n2) is taken\nChoose other ports with --port-base, or end what uses a taken one.`
  await expect(checkPorts(needed, 0)).rejects.toMatchObject({ exitCode: 1, message: told })
  await new Promise((resolve) => server.close(resolve))
  await expect(checkPorts(needed, 0)).resolves.toBeUndefined()
})

test('a port to which no browser connects is refused, unless none has to', async () => {
  const needed = neededPorts(10_077, [1, 2, 3])
  const told =
    'port 10080 (the HTTP of n3) is one to which no browser connects\nChoose other ports with --port-base, or end what uses a taken one.'
  await expect(checkPorts(needed, 0)).rejects.toMatchObject({ exitCode: 1, message: told })
  await expect(checkPorts([{ port: 10_080, use: 'the server of NATS', isBrowsed: false }], 0)).resolves.toBeUndefined()
})

test.for([...BLOCKED_PORTS])('to %d nothing is fetched', async (port) => {
  await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ cause: { message: 'bad port' } })
})
