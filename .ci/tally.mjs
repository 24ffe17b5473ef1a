// Adds up how the steps of a CI run ended. Plain JavaScript, so that any Node can run it even where installing failed.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv, exit } from 'node:process'

const folder = argv[2] ?? '.'
let passed = 0
const failed = []
const skipped = []

for (const row of readFileSync(join(folder, 'steps'), 'utf8').trim().split('\n')) {
  const [kind, name, code] = row.split('\t')
  if (kind === 'tests') addTests(name, code)
  else if (code !== '0') failed.push(`${name} (exit code ${code})`)
  else if (kind === 'check') passed++
}

function addTests(name, code) {
  const file = join(folder, `${name}.json`)
  if (!existsSync(file)) {
    failed.push(`${name} left no report (exit code ${code})`)
    return
  }
  const report = JSON.parse(readFileSync(file, 'utf8'))
  passed += report.passed
  failed.push(...report.failed)
  skipped.push(...report.skipped)
  if (report.passed + report.failed.length === 0) failed.push(`${name} ran no test`)
  else if (code !== '0' && report.failed.length === 0) failed.push(`${name} ended with exit code ${code}, though no test failed`)
}

console.log('')
for (const { name, reason } of skipped) console.log(`skipped: ${name} (${reason})`)
for (const name of failed) console.log(`failed: ${name}`)
console.log(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`)
exit(failed.length === 0 && passed > 0 ? 0 : 1)
