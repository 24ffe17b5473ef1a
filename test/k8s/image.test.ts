// The image: what its recipe says, and that a node starts from the files that it copies and no others.
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, matchesGlob } from 'node:path'
import { describe, expect, test } from 'vitest'

const lines = readFileSync('Dockerfile', 'utf8').replaceAll('\\\n', ' ').split('\n')
const instructions = lines.flatMap((line) => {
  const [, name, text] = /^([A-Z]+) +(.+)$/.exec(line) ?? []
  return name === undefined ? [] : [{ name, text: (text ?? '').replaceAll(/ +/g, ' ') }]
})
const stages = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []))
const last = instructions.slice(stages.at(-1))
const all = (name: string) => last.filter((each) => each.name === name).map(({ text }) => text)

const ignore = readFileSync('.dockerignore', 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))

/** Whether the build may see a file: the last line that fits decides, and what is in a folder shares its fate. */
function isSent(path: string): boolean {
  const parents = path.split('/').map((_part, index, parts) => parts.slice(0, index + 1).join('/'))
  let isIgnored = false
  for (const pattern of ignore) {
    const bare = pattern.replace(/^!/, '')
    // A glob of Node's passes over names that begin with a dot, Docker's does not.
    if (bare === '*' || parents.some((each) => matchesGlob(each, bare))) isIgnored = !pattern.startsWith('!')
  }
  return !isIgnored
}

/** What an instruction copies from the sources, of what is sent. */
function copyInto(folder: string, copy: string): void {
  if (copy.startsWith('--from')) return
  for (const from of copy.split(' ').slice(0, -1)) {
    for (const path of [from, ...globSync(`${from}/**/*.*`)]) {
      if (!isSent(path) || !path.includes('.')) continue
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      cpSync(path, join(folder, path))
    }
  }
}

describe('the image', () => {
  test('is made from bases that are arguments, so that they can be pinned by digest', () => {
    expect(instructions.filter(({ name }) => name === 'FROM').map(({ text }) => text.match(/^\$\{(\w+)\}/)?.[1])).toEqual([
      'NODE_IMAGE',
      'NODE_IMAGE',
      'NODE_IMAGE',
      'RUNTIME_IMAGE',
    ])
    const { node } = (JSON.parse(readFileSync('package.json', 'utf8')) as { devDependencies: { node: string } }).devDependencies
    expect(instructions.find(({ text }) => text.startsWith('NODE_IMAGE='))?.text).toContain(`node:${node}-`)
  })

  test('runs the node as its first process, as a user by number, with no shell between', () => {
    const [entry = ''] = all('ENTRYPOINT')
    expect(JSON.parse(entry)).toEqual(['/usr/local/bin/node', '--max-old-space-size-percentage=70'])
    expect(JSON.parse(all('CMD')[0] ?? '')).toEqual(['src/main.ts'])
    expect(all('USER')).toEqual(['65532:65532'])
    // What runs has npm neither in a step nor among its files.
    expect(last.filter(({ text }) => text.includes('npm'))).toEqual([])
    expect(all('RUN')).toEqual([])
  })

  test('holds the page of the observer, built from what is copied for it', { timeout: 60_000 }, () => {
    expect(all('COPY')).toContain('--from=page /app/dist/observer-ui ./dist/observer-ui')
    const building = instructions.slice(stages[1], stages[2])
    const folder = mkdtempSync(join(tmpdir(), 'otp-image-'))
    try {
      for (const { name, text } of building) if (name === 'COPY') copyInto(folder, text)
      symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'))
      const run = building.find(({ name, text }) => name === 'RUN' && text.startsWith('npm run'))?.text ?? ''
      const { stderr } = spawnSync(run, { cwd: folder, shell: true, encoding: 'utf8' })
      const page = globSync('dist/observer-ui/**/*.{html,js,css}', { cwd: folder })
      expect([page.some((file) => file.endsWith('.html')), page.some((file) => file.endsWith('.js')), stderr]).toEqual([
        true,
        true,
        expect.any(String),
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('opens the ports of the manifests', () => {
    expect(all('EXPOSE')).toEqual(['4000 4369 9100'])
  })

  test('is sent no more than it needs', () => {
    for (const path of [
      '.git/config',
      'node_modules/x/index.js',
      'test/a.ts',
      'k8s/overlays/local/secret',
      'observability/prometheus/prometheus.yml',
    ]) {
      expect([path, isSent(path)]).toEqual([path, false])
    }
    for (const path of ['src/main.ts', 'src/http/index.ts', 'observability/vocabulary/metrics.ts', 'package-lock.json']) {
      expect([path, isSent(path)]).toEqual([path, true])
    }
  })

  test('holds all that a node imports: it gets as far as its settings', { timeout: 60_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'otp-image-'))
    try {
      for (const copy of all('COPY')) copyInto(folder, copy)
      symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'))
      const { stderr, status } = spawnSync(process.execPath, ['src/main.ts'], { cwd: folder, env: {}, encoding: 'utf8' })
      expect(stderr).toContain('OTP_NODE_NAME is needed')
      expect(status).toBe(1)
      const driver = spawnSync(process.execPath, ['src/auctions/driver.ts'], { cwd: folder, env: {}, encoding: 'utf8' })
      expect(driver.stderr).toContain('--targets is needed')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
