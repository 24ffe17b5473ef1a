// The program in README runs as it stands there, and prints what README says.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test("README's program prints what README says", async () => {
  const readme = await readFile('README.md', 'utf8')
  const program = /```ts\n(.+?)```/s.exec(readme)?.[1]
  const printed = /It prints `(.+?)`/.exec(readme)?.[1]
  // Inside the package, since it imports the package by its name.
  const folder = await mkdtemp(join(process.cwd(), '.readme-'))
  try {
    await writeFile(join(folder, 'program.ts'), program as string)
    const environment = { ...process.env, XDG_RUNTIME_DIR: folder }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, 'program.ts')], {
      env: environment,
      timeout: 20_000,
    })
    expect(stderr).toBe('')
    expect(stdout.trim()).toBe(printed)
  } finally {
    await rm(folder, { recursive: true })
  }
})
