// Writes every board as the JSON that Grafana provisions: `node grafana/generate.ts`, with `--check` it only compares.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { clusterOverview } from './cluster-overview.ts'

/** Every board by its file, as text. */
export const boards = (): Readonly<Record<string, string>> => ({
  'grafana/generated/cluster-overview.json': `${JSON.stringify(clusterOverview().build(), null, 2)}\n`,
})

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
