// Twenty schedules of faults on real nodes and real servers of NATS: what `npm run prove -- single-owner` shows at length.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { Played } from '#test/prove/single-owner/play.ts'
import { testSeed } from '#test/support/seed.ts'
import { NO_NATS } from '../support/nats.ts'
import { whyNoNetwork } from '../support/network.ts'
import { Command, Directory, endCommands } from '../support/os.ts'

const evidence = new Directory()
/** A minute where nobody else wants the machine. */
const WITHIN_MS = 600_000

afterEach(endCommands)
afterAll(() => evidence.remove())

async function prove(arbiter: string, ...args: readonly string[]): Promise<{ code: number | null; played: readonly Played[] }> {
  const out = join(evidence.path, arbiter)
  const command = new Command(process.execPath, ['test/prove/main.ts', 'single-owner', '--arbiter', arbiter, '--out', out, ...args])
  const { code } = await command.ended
  console.log(command.stderr + command.stdout)
  const files = readdirSync(out).filter((name) => name.endsWith('.json'))
  return { code, played: files.map((name) => JSON.parse(readFileSync(join(out, name), 'utf8')) as Played) }
}

test('a name has one owner, whatever happens to nodes, networks and servers, and in the end it has one', { timeout: WITHIN_MS }, async ({
  skip,
}) => {
  const missing = NO_NATS ?? whyNoNetwork()
  skip(missing !== undefined, missing)
  const { code, played } = await prove('nats', '--schedules', '20', '--clusters', '4', '--seed', String(testSeed))
  expect(code).toBe(0)
  expect(new Set(played.map(({ schedule }) => schedule.servers))).toEqual(new Set([1, 3]))
  // Otherwise nothing was shown.
  expect(played).toHaveLength(20)
  for (const { owners } of played) expect(owners.handled).toBeGreaterThan(100)
})

test('without an arbiter the same schedules find names with two owners', async ({ skip }) => {
  const missing = whyNoNetwork()
  skip(missing !== undefined, missing)
  // Of this seed: a node that is cut off from the others for long.
  const { played } = await prove('optimistic', '--schedule', '3', '--seed', '5')
  expect(played[0]?.owners.overlaps).toBeGreaterThan(0)
})
