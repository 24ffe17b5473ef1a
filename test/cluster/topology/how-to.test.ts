// The topology of the how-to guide: the code that stands there keeps the contract.
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { TopologyStrategy } from '#otp-labs'
import { topologyContract } from '#test/contract/topology.ts'

const guide = await readFile('docs/how-to/write-a-topology.md', 'utf8')
const code = /```ts\n(.+?)```/s.exec(guide)?.[1] ?? ''
// Inside the package, where its imports are found.
const folder = await mkdtemp(join(process.cwd(), '.readme-'))
await writeFile(join(folder, 'file-topology.ts'), code)
const { fileTopology } = (await import(join(folder, 'file-topology.ts'))) as {
  fileTopology: (path: string, pollMs?: number) => TopologyStrategy
}

afterAll(() => rm(folder, { recursive: true }))

test('it is about 30 lines long', () => {
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(32)
})

let files = 0

topologyContract('of the how-to guide', async () => {
  const path = join(folder, `peers-${++files}`)
  const peers = new Set(['127.0.0.1:4001', '127.0.0.1:4002'])
  const publish = async () => {
    await writeFile(`${path}.half`, [...peers].join('\n'))
    await rename(`${path}.half`, path)
  }
  await publish()
  return {
    strategy: fileTopology(path, 5),
    self: { id: 'n1.1', address: '127.0.0.1:4001' },
    expected: ['127.0.0.1:4001', '127.0.0.1:4002'],
    appear: async (address) => {
      peers.add(address)
      await publish()
    },
    vanish: async (address) => {
      peers.delete(address)
      await publish()
    },
    close: () => rm(path, { force: true }),
  }
})
