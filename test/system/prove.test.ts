// A rolling restart and kills in the middle of a drain, two rounds each, with real nodes under bids: what `npm run prove` shows at length.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { Restart } from '#test/prove/history.ts'
import { Command, Directory, endCommands } from './support/os.ts'

const evidence = new Directory()

afterEach(endCommands)
afterAll(() => evidence.remove())

async function prove(
  scenario: string,
  ...args: readonly string[]
): Promise<{ code: number | null; table: string; restarts: readonly Restart[] }> {
  const out = join(evidence.path, scenario)
  const command = new Command(process.execPath, ['test/prove/main.ts', scenario, '--rounds', '2', '--out', out, ...args])
  const { code } = await command.ended
  console.log(command.stderr + command.stdout)
  const rounds = readdirSync(out).filter((name) => name.endsWith('.json'))
  const restarts = rounds.flatMap((name) => (JSON.parse(readFileSync(join(out, name), 'utf8')) as { restarts: Restart[] }).restarts)
  return { code, table: command.stdout, restarts }
}

test('all nodes restarted one after another: no bid is lost, no call fails, and what moves is counted', async () => {
  const { code, restarts } = await prove('rolling-restart', '--store', 'none', '--lots', '60')
  expect(code).toBe(0)
  expect(restarts).toHaveLength(6)
  // Otherwise nothing was shown.
  expect(Math.min(...restarts.map(({ moves }) => moves.logged))).toBeGreaterThan(0)
})

test('nodes killed while they drain: no accepted bid is lost', async () => {
  const { code, restarts } = await prove('kill-during-drain', '--store', 'memory')
  expect(code).toBe(0)
  expect(restarts.filter(({ killedAt }) => killedAt !== undefined)).toHaveLength(2)
})
