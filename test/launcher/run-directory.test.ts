// A run's directory: made anew for each run, private, and known to be dead when its launcher is.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimDirectory, findRun, logsOf, releaseDirectory } from '#src/launcher/run-directory.ts'

const run = { portBase: 4100, nodes: 3, secret: 'a secret of the run' }
let parent: string
let directory: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'otp-run-'))
  directory = join(parent, 'run-4100')
})

afterEach(() => rmSync(parent, { recursive: true }))

test('nobody else may read it', async () => {
  await claimDirectory(directory, run)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  expect(statSync(join(directory, 'run.json')).mode & 0o777).toBe(0o600)
  expect(statSync(logsOf(directory)).isDirectory()).toBe(true)
})

test('a run is alive while its launcher is, and gone when that has ended', async () => {
  expect(await findRun(directory)).toBeUndefined()
  await claimDirectory(directory, run)
  expect(await findRun(directory)).toMatchObject({ ...run, pid: process.pid })
  await releaseDirectory(directory)
  expect(await findRun(directory)).toBeUndefined()
})

test.for([
  ['of a process that is gone', { ...run, pid: 2 ** 22 + 1, startTime: '1' }],
  ['whose number another process has by now', { ...run, pid: process.pid, startTime: '1' }],
  ['that is no run', { pid: 'n1' }],
] as const)('a file %s is that of a dead run', async ([, content]) => {
  mkdirSync(directory)
  writeFileSync(join(directory, 'run.json'), JSON.stringify(content))
  expect(await findRun(directory)).toBe('dead')
})

test('what a dead run left is gone', async () => {
  mkdirSync(logsOf(directory), { recursive: true })
  const old = join(logsOf(directory), 'n1.log')
  writeFileSync(old, 'old')
  await claimDirectory(directory, run)
  expect(statSync(old, { throwIfNoEntry: false })).toBeUndefined()
})

test('a directory that others may write to is refused', async () => {
  const open = join(parent, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  await expect(claimDirectory(join(open, 'run-4100'), run)).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('others may write to it'),
  })
})

test('a link in its place is removed, not followed', async () => {
  const elsewhere = join(parent, 'elsewhere')
  mkdirSync(elsewhere)
  writeFileSync(join(elsewhere, 'kept'), '')
  symlinkSync(elsewhere, directory)
  await claimDirectory(directory, run)
  expect(statSync(join(elsewhere, 'kept')).isFile()).toBe(true)
})
