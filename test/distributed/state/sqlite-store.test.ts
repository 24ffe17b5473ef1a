// The store in SQLite files: the contract, with a folder of its own for each world.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { sqliteStateStore } from '#otp-labs'
import { stateStoreContract } from '#test/contract/state-store.ts'

const folders: string[] = []
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'otp-state-'))
  folders.push(path)
  return path
}

afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true })
})

stateStoreContract('sqlite', () => ({ factory: sqliteStateStore({ directory: folder() }) }))
stateStoreContract('sqlite, for power losses', () => ({ factory: sqliteStateStore({ directory: folder(), survives: 'power_loss' }) }))
