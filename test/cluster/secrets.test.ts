// Secrets that change while a cluster runs: every order of changes that the how-to allows keeps all links possible, and a bad file changes nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TcpTransport } from '#cluster'
import { Secrets, secretsFromFile } from '#src/cluster/secrets.ts'
import { TransportRecorder } from '#test/support/transport-recorder.ts'

const [old, next] = ['the old secret, long enough', 'the next secret, long enough']
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'otp-secrets-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function file(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

describe('secrets of a file', () => {
  test('are the same keys until the file changes', () => {
    const path = file('a', old)
    const secrets = new Secrets(secretsFromFile(path), () => {})
    const before = secrets.keys
    expect(secrets.keys).toBe(before)
    file('a', next, old)
    expect(secrets.keys).toHaveLength(2)
    expect(secrets.keys[1]?.equals(before[0])).toBe(true)
  })

  test.each([
    ['empty', [] as string[], 'got none'],
    ['weak', ['short'], 'got 5'],
    ['weak in its second line', [next, 'short'], 'got 5'],
  ])('stay what they were when the file is %s, which is said once', (_how, lines, words) => {
    const path = file('a', old)
    const said: string[] = []
    const secrets = new Secrets(secretsFromFile(path), (error) => said.push(error))
    const before = secrets.keys
    file('a', ...lines)
    expect([secrets.keys, secrets.keys]).toEqual([before, before])
    expect(said).toEqual([expect.stringContaining(words)])
    file('a', next)
    expect(secrets.keys).not.toBe(before)
    rmSync(path)
    void secrets.keys
    expect(said[1]).toContain('ENOENT')
  })

  test('are refused at the start if they cannot be used', () => {
    expect(() => new Secrets(secretsFromFile(file('a')), () => {})).toThrow(
      expect.objectContaining({ code: 'ERR_OTP_CLUSTER_WEAK_SECRET' }),
    )
  })
})

/** Whether a node with these lines can dial one with those. */
async function linked(dialling: readonly string[], accepting: readonly string[]): Promise<boolean> {
  const [from, to] = [dialling, accepting].map((lines, index) => {
    const id = `${index === 0 ? 'a' : 'b'}.1`
    return new TcpTransport({ id, cluster: 'test', secret: secretsFromFile(file(id, ...lines)) })
  }) as [TcpTransport, TcpTransport]
  await Promise.all([from.listen(new TransportRecorder()), to.listen(new TransportRecorder())])
  const failure = await from.dial(to.address)
  await Promise.all([from.close(), to.close()])
  return failure === undefined
}

describe('a rotation', () => {
  const steps = [[old], [old, next], [next, old], [next]]

  test.each([0, 1, 2])('from step %i to the next has no two nodes that cannot link, whoever is ahead', async (step) => {
    const [before, after] = [steps[step] as string[], steps[step + 1] as string[]]
    for (const dialling of [before, after]) for (const accepting of [before, after]) expect(await linked(dialling, accepting)).toBe(true)
  })

  test('that leaves a step out has', async () => {
    expect(await linked([next], [old])).toBe(false)
    expect(await linked([next, old], [old])).toBe(false)
  })
})
