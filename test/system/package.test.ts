// The package, as its users have it: packed, installed into an empty project, and used there from TypeScript and from JavaScript.
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { isBuiltin, stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import lock from '../../package-lock.json' with { type: 'json' }
import { readModule } from '../support/module.ts'

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const repository = process.cwd()
const compiler = join(repository, 'node_modules/typescript/bin/tsc')
let folder: string
let project: string
let installed: string
let packed: string[]
let readme: string

async function run(cwd: string, command: string, ...rest: string[]): Promise<Ended> {
  // npm tells its scripts where it was started; an npm started by one of them would take that for the place to install to.
  const { npm_config_local_prefix: _place, ...inherited } = process.env
  const env = { ...inherited, XDG_RUNTIME_DIR: folder }
  try {
    const { stdout, stderr } = await promisify(execFile)(command, rest, { cwd, env, timeout: 60_000, maxBuffer: 2 ** 24 })
    return { code: 0, stdout, stderr }
  } catch (error) {
    return error as Ended
  }
}

async function succeed(cwd: string, command: string, ...rest: string[]): Promise<string> {
  const ended = await run(cwd, command, ...rest)
  expect(ended, `${command} ${rest.join(' ')}`).toMatchObject({ code: 0 })
  return ended.stdout
}

/** Runs a file of the project's. */
async function runFile(name: string, source: string): Promise<Ended> {
  await writeFile(join(project, name), source)
  return run(project, process.execPath, name)
}

/** What the compiler has to say of one file, with the strictest options a user might have; declarations of the package are checked, too. */
async function compile(name: string, source: string): Promise<string> {
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    typeRoots: [join(repository, 'node_modules/@types')],
    types: ['node'],
  }
  await writeFile(join(project, name), source)
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [name] }))
  return (await run(project, process.execPath, compiler)).stdout
}

const bySource = (path: string): string => path.replace(/\.(js|d\.ts)$/, '')
const read = (path: string): Promise<string> => readFile(join(installed, path), 'utf8')

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'otp-package-')))
  project = join(folder, 'project')
  installed = join(project, 'node_modules/otp-labs')
  const staged = join(folder, 'package')
  await succeed(repository, process.execPath, 'pack.ts', staged)
  const [tarball] = JSON.parse(await succeed(folder, 'npm', 'pack', staged, '--json', '--pack-destination', folder)) as [
    { filename: string; files: { path: string }[] },
  ]
  packed = tarball.files.map(({ path }) => path)
  await mkdir(project)
  const user = { name: 'user', private: true, type: 'module' }
  await writeFile(join(project, 'package.json'), JSON.stringify(user))
  // What the package depends on is then what was tested here and is in npm's cache, today and in a year. npm drops from it what is not needed.
  await writeFile(join(project, 'package-lock.json'), JSON.stringify({ ...lock, name: 'user', packages: { ...lock.packages, '': user } }))
  await succeed(project, 'npm', 'install', join(folder, basename(tarball.filename)), '--prefer-offline', '--no-audit', '--no-fund')
  readme = /```ts\n(.+?)```/s.exec(await readFile('README.md', 'utf8'))?.[1] ?? ''
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('the tarball', () => {
  test('holds JavaScript with its declarations, the page, the manifest, README and the licence, and nothing else', () => {
    const page = packed.filter((path) => path.startsWith('dist/observer-ui/'))
    expect(page).toContain('dist/observer-ui/index.html')
    const code = packed.filter((path) => path.startsWith('dist/') && !page.includes(path))
    expect(packed.filter((path) => !code.includes(path) && !page.includes(path)).toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
    ])
    expect(code.filter((path) => !/^dist\/(src|observability)\/[a-z/-]+\.(js|d\.ts)$/.test(path))).toEqual([])
    const scripts = code.filter((path) => path.endsWith('.js')).map(bySource)
    const declarations = code.filter((path) => path.endsWith('.d.ts')).map(bySource)
    expect(scripts).toEqual(expect.arrayContaining(['dist/src/index', 'dist/src/http/index', 'dist/observability/index']))
    expect(declarations.toSorted()).toEqual(scripts.toSorted())
  })

  test('brings the observer of the terminal, which says how it is used', async () => {
    expect(await succeed(project, 'npx', '--no-install', 'otp-observer', '--help')).toContain(
      'a cluster, live, as one of its nodes tells it',
    )
  })

  test('leaves at home the tests, the workload, the launcher and what starts a node as an OS process', () => {
    const started = packed.filter((path) => !path.startsWith('dist/src/observer-cli/'))
    expect(started.filter((path) => /test|bench|grafana|auctions|launcher|config|main/.test(path))).toEqual([])
  })

  test('names no place of the machine that made it, and no door that is not in it', async () => {
    const { imports } = JSON.parse(await read('package.json')) as { imports: Record<string, string> }
    for (const path of packed) {
      const text = await read(path)
      for (const place of [repository, folder, '#src', '#test']) expect([path, text.includes(place)]).toEqual([path, false])
      if (!path.startsWith('dist/')) continue
      const inner = readModule(path, text).imports.filter(({ specifier }) => specifier?.startsWith('#'))
      expect([path, inner.filter(({ specifier }) => !Object.hasOwn(imports, specifier as string))]).toEqual([path, []])
    }
  })

  test('depends on the packages that it imports, in the versions that are tested here, and on no other', async () => {
    const named = new Set<string>()
    for (const path of globSync('dist/**/*.{js,ts}', { cwd: installed })) {
      for (const { specifier } of readModule(path, await read(path)).imports) {
        if (specifier === undefined || /^[.#]/.test(specifier) || isBuiltin(specifier)) continue
        named.add(
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        )
      }
    }
    const { dependencies, ...rest } = JSON.parse(await read('package.json')) as Record<string, unknown>
    const versions = Object.entries(manifest.dependencies).filter(([name]) => named.has(name))
    expect(versions.map(([name]) => name).toSorted()).toEqual([...named].toSorted())
    expect(dependencies).toEqual(Object.fromEntries(versions))
    const { name, version, description, license, type, engines } = manifest
    expect(rest).toEqual({
      ...{ name, version, description, license, type, engines },
      files: ['dist'],
      main: './dist/src/index.js',
      types: './dist/src/index.d.ts',
      bin: { 'otp-observer': './dist/src/observer-cli/main.js' },
      exports: {
        '.': './dist/src/index.js',
        './http': './dist/src/http/index.js',
        './nats': './dist/src/nats/index.js',
        './observability': './dist/observability/index.js',
      },
      imports: expect.anything(),
    })
  })
})

describe('a project that installed it', () => {
  test("runs README's program as TypeScript", async () => {
    expect(await runFile('program.ts', readme)).toEqual({ code: 0, stdout: '42\n', stderr: '' })
  })

  test("runs README's program as JavaScript", async () => {
    expect(await runFile('program.js', stripTypeScriptTypes(readme))).toMatchObject({ code: 0, stdout: '42\n' })
  })

  test("compiles README's program", async () => {
    expect(await compile('program.ts', readme)).toBe('')
  })

  test('does not compile a call with a wrong name, payload or answer', async () => {
    const [before, call] = readme.split(/(?=console\.log)/) as [string, string]
    const wrong = [
      call.replace("'add'", "'subtract'"),
      call.replace('2', "'two'"),
      call.replace('console.log(', 'const answer: string = ('),
    ].join('')
    const errors = (await compile('wrong.ts', before + wrong)).trim().split('\n')
    const line = before.split('\n').length
    expect(errors.map((error) => /^wrong\.ts\((\d+),\d+\): error TS\d+/.exec(error)?.[1])).toEqual([line, line + 1, line + 2].map(String))
  })

  test('loads the codec with the public API, and nothing that serves or watches', async () => {
    const source = `
      import { registerHooks } from 'node:module'
      const loaded = new Set()
      registerHooks({
        load(url, context, next) {
          loaded.add(/.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1])
          return next(url, context)
        },
      })
      await import('otp-labs')
      console.log(JSON.stringify([...loaded].filter(Boolean).sort()))
    `
    const { code, stdout, stderr } = await runFile('loaded.js', source)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const native = ['@msgpackr-extract/', 'msgpackr-extract', 'node-gyp-build-optional-packages', 'detect-libc']
    const loaded = JSON.parse(stdout) as string[]
    expect(loaded.filter((name) => !native.some((part) => name.startsWith(part)))).toEqual(['msgpackr', 'otp-labs'])
  })

  test('is told where NATS is, or that it is not there', async () => {
    const source = `
      import { CodedError } from 'otp-labs'
      import { connectNats, type Nats, type NatsOptions } from 'otp-labs/nats'

      const options: NatsOptions = { servers: ['127.0.0.1:1'], cluster: 'shop' }
      const nats: Nats | string = await connectNats(options).catch((error: unknown) => (error instanceof CodedError ? error.code : 'none'))
      console.log(nats)
    `
    expect(await runFile('engine.ts', source)).toEqual({ code: 0, stdout: 'ERR_OTP_NATS_CONNECT\n', stderr: '' })
    expect(await compile('engine.ts', source)).toBe('')
  })

  test('watches a node of its own, and mounts the observer and the metrics on its own server', async () => {
    const source = `
      import { createNode, EventStream, type NodeEvents, systemClock } from 'otp-labs'
      import { createHttpServer, healthRoutes, observerRoutes } from 'otp-labs/http'
      import { startTelemetry } from 'otp-labs/observability'

      const events = new EventStream<NodeEvents>()
      const identity = { id: 'a.1', name: 'a', version: '1.0.0', role: '', zone: '' }
      const telemetry = await startTelemetry({ node: identity, logLevel: 'silent', env: {} })
      const node = await createNode({ name: 'a', events, onCallMeasured: telemetry.callMeasured, tracing: telemetry.tracing })
      telemetry.attach(events, () => node.snapshot())
      const app = createHttpServer({ clock: systemClock, events, onUnexpected: console.error })
      observerRoutes(app, node.parts)
      healthRoutes(app, { render: telemetry.render, isReady: () => node.isReady })
      const observer = await app.inject('/observer')
      const wrong = await app.inject('/observer/v1/processes?limit=none')
      const metrics = await app.inject('/metrics')
      console.log(observer.json().cluster.up, wrong.statusCode, metrics.body.includes('otp_'))
      await app.close()
      await node.stop()
      await telemetry.shutdown(1000)
    `
    expect(await runFile('watched.ts', source)).toEqual({ code: 0, stdout: '1 400 true\n', stderr: '' })
    expect(await compile('watched.ts', source)).toBe('')
  })
})

describe('in the repository', () => {
  test('npm pack refuses, and says how the package is made', async () => {
    const { code, stderr } = await run(repository, 'npm', 'pack', '--dry-run')
    expect(code).not.toBe(0)
    expect(stderr).toContain('npm run package')
  })

  test('a folder that is there already is not touched', async () => {
    const { code, stderr } = await run(repository, process.execPath, 'pack.ts', project)
    expect(code).not.toBe(0)
    expect(stderr).toContain('is there already')
    expect(JSON.parse(await readFile(join(project, 'package.json'), 'utf8'))).toMatchObject({ name: 'user' })
  })

  test('nothing in the manifest makes npm ci build anything but the page of the observer', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare']
    expect(Object.entries(manifest.scripts).filter(([name]) => hooks.includes(name))).toEqual([['prepare', 'vite build --logLevel warn']])
    expect(manifest.private).toBe(true)
  })
})
