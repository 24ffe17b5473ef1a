// Writes every board as the JSON that Grafana provisions: `node grafana/generate.ts`, with `--check` it only compares.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { arbiter } from './boards/arbiter.ts'
import { clusterOverview } from './boards/cluster-overview.ts'
import { links } from './boards/links.ts'
import { node } from './boards/node.ts'
import { placement } from './boards/placement.ts'
import { processes } from './boards/processes.ts'
import { supervision } from './boards/supervision.ts'

/** From general to specific: a reader goes from one to the next. */
const BUILDERS = [clusterOverview, supervision, processes, placement, links, arbiter, node]

/** Every board by its file, as text. */
export const boards = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    BUILDERS.map((make) => {
      const board = make().build()
      return [`grafana/generated/${board.uid?.replace('otp-', '')}.json`, `${JSON.stringify(board, null, 2)}\n`]
    }),
  )

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const isCheck = process.argv.includes('--check')
  for (const [path, text] of Object.entries(boards())) {
    if (!isCheck) writeFileSync(path, text)
    else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
      console.error(`${path} is not what the code says: run node grafana/generate.ts`)
      process.exitCode = 1
    }
  }
}
