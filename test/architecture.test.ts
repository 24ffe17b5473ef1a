// The floor plan: the table of who may import whom, held against every source file, and proof that each rule can fail.
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { checkFloorPlan, type FloorPlan, type Rule, roomOf, rules, type SourceFile } from './support/floor-plan.ts'

const doors = Object.fromEntries(
  Object.entries(manifest.imports)
    .filter(([door]) => !door.includes('*'))
    .map(([door, path]) => [door, path.replace('./', '')]),
)

/** From the ground up: a room sees what lies under it. */
const otp = ['#base', '#process']
const distributed = [...otp, '#otp', '#cluster']
const introspect = [...distributed, '#distributed']
const http = [...introspect, '#introspect']

const plan: FloorPlan = {
  rooms: {
    base: { at: 'src/base/', sees: [] },
    process: { at: 'src/process/', sees: ['#base'] },
    otp: { at: 'src/otp/', sees: otp },
    cluster: { at: 'src/cluster/', sees: otp },
    distributed: {
      at: 'src/distributed/',
      sees: distributed,
      folders: ['directory', 'arbiter', 'state', 'children', 'handoff', 'registry'],
    },
    introspect: { at: 'src/introspect/', sees: introspect },
    http: { at: 'src/http/', sees: http, folders: ['schemas', 'observer', 'routes'] },
    nats: { at: 'src/nats/', sees: [...otp, '#cluster', '#distributed'] },
    'observer-cli': { at: 'src/observer-cli/', sees: ['#answers', '#base'] },
    'observer-ui': { at: 'src/observer-ui/', sees: ['#answers'], folders: ['net', 'parts', 'views'] },
    auctions: { at: 'src/auctions/', sees: ['#otp-labs'] },
    launcher: { at: 'src/launcher/', sees: ['#cluster', '#nats'], reaches: ['src/shutdown-budget.ts'] },
    'shutdown-budget': { at: 'src/shutdown-budget.ts', sees: [] },
    shutdown: { at: 'src/shutdown.ts', sees: ['#base'] },
    topologies: { at: 'src/topologies.ts', sees: ['#cluster'] },
    'did-you-mean': { at: 'src/did-you-mean.ts', sees: [] },
    'nats-settings': { at: 'src/nats-settings.ts', sees: [] },
    config: {
      at: 'src/config.ts',
      sees: ['#base', '#cluster'],
      reaches: ['src/topologies.ts', 'src/shutdown-budget.ts', 'src/nats-settings.ts', 'src/did-you-mean.ts'],
    },
    'node-events': { at: 'src/node-events.ts', sees: http, reaches: ['src/'] },
    'node-transport': { at: 'src/node-transport.ts', sees: ['#base', '#process', '#cluster'] },
    'node-options': { at: 'src/node-options.ts', sees: http, reaches: ['src/node-events.ts'] },
    node: {
      at: 'src/node.ts',
      sees: [...http, '#config'],
      reaches: ['src/node-events.ts', 'src/node-options.ts', 'src/node-transport.ts'],
    },
    index: { at: 'src/index.ts', sees: [...http, '#config', '#node'], reaches: ['src/'] },
    main: {
      at: 'src/main.ts',
      sees: [...http, '#http', '#nats', '#config', '#node', '#otp-labs', '#auctions', '#observability'],
      reaches: ['src/topologies.ts', 'src/node-transport.ts', 'src/shutdown.ts', 'src/shutdown-budget.ts'],
    },
    vocabulary: { at: ['observability/vocabulary.ts', 'observability/vocabulary/'], sees: ['#otp-labs'] },
    observability: { at: 'observability/', sees: ['#otp-labs', '#vocabulary'] },
    grafana: { at: 'grafana/', sees: ['#vocabulary'] },
  },
  doors,
  publicDoor: 'src/index.ts',
  guarded: {
    msgpackr: ['src/cluster/'],
    zod: ['src/config.ts', 'src/http/'],
    fastify: ['src/http/', 'src/auctions/routes.ts', 'src/auctions/chaos/routes.ts'],
    '@fastify/': ['src/http/'],
    '@nats-io/': ['src/nats/'],
    preact: ['src/observer-ui/'],
    uplot: ['src/observer-ui/'],
    pino: ['observability/'],
    'prom-client': ['observability/'],
    '@opentelemetry/sdk-logs': ['observability/logs/'],
    '@opentelemetry/exporter-logs-otlp-http': ['observability/logs/'],
    '@opentelemetry/exporter-logs-otlp-proto': ['observability/logs/'],
    '@opentelemetry/': ['observability/'],
    'oxc-parser': ['observability/event-fields.ts'],
    '@kubernetes/client-node': ['src/cluster/topology/kubernetes.ts'],
    '@grafana/grafana-foundation-sdk': ['grafana/'],
    yaml: ['observability/generate-rules.ts'],
    'node:net': ['src/cluster/', 'src/launcher/'],
    'node:tls': ['src/cluster/'],
    'node:dns': ['src/cluster/'],
    'node:dgram': ['src/cluster/'],
    'node:child_process': ['src/launcher/'],
    'node:sqlite': ['src/distributed/state/'],
    'node:timers': ['src/base/clock.ts', 'src/launcher/', 'observability/'],
    'node:perf_hooks': ['src/base/clock.ts', 'observability/'],
    'node:async_hooks': ['observability/'],
  },
  globals: {
    ...Object.fromEntries(
      ['setTimeout', 'setInterval', 'setImmediate', 'Date.now', 'Date()', 'performance.now', 'process.hrtime'].map((name) => [
        name,
        ['src/base/clock.ts', 'src/launcher/', 'src/observer-ui/', 'observability/'],
      ]),
    ),
    'Math.random': ['src/base/random.ts'],
  },
  maxLines: 400,
}

const read = (...folders: string[]): SourceFile[] =>
  folders
    .flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`))
    .toSorted()
    .map((path) => ({ path, source: readFileSync(path, 'utf8') }))

const files = read('src', 'observability', 'grafana')

describe('the floor plan', () => {
  test('every source file that git knows of was read', () => {
    const known = execFileSync(
      'git',
      ['-c', 'safe.directory=*', 'ls-files', '-co', '--exclude-standard', 'src', 'observability', 'grafana'],
      { encoding: 'utf8' },
    )
    const sources = known.split('\n').filter((path) => /\.tsx?$/.test(path) && existsSync(path))
    expect(files.map(({ path }) => path)).toEqual(sources.toSorted())
  })

  test('every room of the table was read', () => {
    const rooms = new Set(files.map(({ path }) => roomOf(plan, path)))
    expect(Object.keys(plan.rooms).filter((room) => !rooms.has(room))).toEqual([])
  })

  test('every door leads into a room', () => {
    expect(Object.entries(doors).filter(([, path]) => !files.some((file) => file.path === path))).toEqual([])
  })

  // It parses every file: on a busy machine that takes longer than a test usually may.
  test('no file breaks it', { timeout: 60_000 }, () => {
    const found = checkFloorPlan(plan, files, read('test', 'bench', 'demo'))
    expect(found.map(({ rule, path, line, message }) => `${path}:${line} ${rule}: ${message}`)).toEqual([])
  })
})

/** One or more breaches of each rule: a path, a source without its first line, and words of the message. */
const planted: Record<Rule, readonly (readonly [path: string, source: string, message: string])[]> = {
  parse: [['src/base/x.ts', 'const = 1', 'token']],
  place: [['src/utils/x.ts', '', 'no room']],
  direction: [
    ['src/base/x.ts', "import { Pid } from '#process'", 'base may not see #process'],
    ['src/process/x.ts', "import type { Child } from '#otp'", 'process may not see #otp'],
    ['src/otp/x.ts', "import { type Link } from '#cluster'", 'otp may not see #cluster'],
    ['src/cluster/x.ts', "export * from '#otp'", 'cluster may not see #otp'],
    ['src/cluster/x.ts', "export type { Name } from '#distributed'", 'cluster may not see #distributed'],
    ['src/distributed/x.ts', "const lazy = await import('#introspect')", 'distributed may not see #introspect'],
    ['src/introspect/x.ts', "type Server = import('#http').Server", 'introspect may not see #http'],
    ['src/http/x.ts', "import '#node'", 'http may not see #node'],
    ['src/distributed/x.ts', "import { connectNats } from '#nats'", 'distributed may not see #nats'],
    ['src/auctions/x.ts', "import { Pid } from '#process'", 'auctions may not see #process'],
    ['src/launcher/x.ts', "import { createNode } from '#node'", 'launcher may not see #node'],
    ['src/node.ts', "import { serve } from '#http'", 'node may not see #http'],
    ['observability/x.ts', "import { Pid } from '#process'", 'observability may not see #process'],
    ['observability/vocabulary/x.ts', "import { metrics } from '#observability'", 'vocabulary may not see #observability'],
    ['grafana/x.ts', "import { Pid } from '#otp-labs'", 'grafana may not see #otp-labs'],
  ],
  'own door': [['src/process/x.ts', "import { Pid } from '#process'", 'use a relative path']],
  door: [
    ['src/process/x.ts', "import { clock } from '../base/clock.ts'", 'past the door of base'],
    ['src/cluster/topology/x.ts', "import { clock } from '../../base/index.ts'", 'past the door of base'],
    ['src/auctions/x.ts', "import { createNode } from '../index.ts'", 'past the door of index'],
    ['src/node.ts', "import { Pid } from './process/pid.ts'", 'past the door of process'],
    ['observability/x.ts', "import manifest from '../package.json' with { type: 'json' }", 'package.json'],
    ['src/otp/x.ts', "import { clock } from '#src/base/clock.ts'", "no room's door"],
    ['src/otp/x.ts', "import { FakeClock } from '#test/support/fake-clock.ts'", "no room's door"],
  ],
  'parent folder': [
    ['src/cluster/topology/x.ts', "import { tcp } from '../transport/tcp.ts'", 'through a parent folder'],
    ['src/cluster/x.ts', "import { tcp } from './transport/../frame.ts'", 'through a parent folder'],
    ['src/cluster/x.ts', "import { tcp } from '../cluster/frame.ts'", 'through a parent folder'],
    ['src/distributed/directory/x.ts', "import { uniform } from '../children/placement.ts'", 'through a parent folder'],
  ],
  package: [
    ['src/otp/x.ts', "import fastify from 'fastify'", 'src/http/'],
    ['src/auctions/x.ts', "import type { FastifyInstance } from 'fastify'", 'src/auctions/routes.ts, src/auctions/chaos/routes.ts only'],
    ['src/main.ts', "import { trace } from '@opentelemetry/api'", 'observability/ only'],
    ['observability/sdk.ts', "import { LoggerProvider } from '@opentelemetry/sdk-logs'", 'observability/logs/ only'],
    ['src/distributed/x.ts', "import { connect } from '@nats-io/transport-node'", 'src/nats/ only'],
    ['src/http/x.ts', "import { Counter } from 'prom-client'", 'observability/ only'],
    ['src/http/x.ts', "import pino from 'pino'", 'observability/ only'],
    ['src/cluster/topology/dns.ts', "const k8s = await import('@kubernetes/client-node')", 'kubernetes.ts only'],
    ['src/base/x.ts', "import debounce from 'lodash/debounce'", 'has no row'],
  ],
  'node module': [
    ['src/http/x.ts', "import { connect } from 'node:net'", 'src/cluster/'],
    ['src/distributed/x.ts', "import tls from 'tls'", 'src/cluster/'],
    ['src/launcher/x.ts', "import { resolve4 } from 'node:dns/promises'", 'src/cluster/ only'],
    ['observability/x.ts', "import dgram from 'node:dgram'", 'src/cluster/ only'],
    ['src/main.ts', "import { spawn } from 'node:child_process'", 'src/launcher/ only'],
    ['src/otp/x.ts', "import { setTimeout as sleep } from 'node:timers/promises'", 'src/base/clock.ts'],
    ['src/otp/x.ts', "import { performance as time } from 'node:perf_hooks'", 'src/base/clock.ts'],
  ],
  'computed import': [
    ['src/cluster/x.ts', 'export const load = (name: string) => import(name)', 'at run time'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the source of a file.
    ['src/cluster/x.ts', 'export const load = (name: string) => import(`./topology/${name}.ts`)', 'at run time'],
  ],
  global: [
    ['src/otp/x.ts', 'setTimeout(() => undefined, 5)', 'setTimeout'],
    ['src/otp/x.ts', 'const timers = { setInterval }', 'setInterval'],
    ['src/process/x.ts', 'export const soon = globalThis.setImmediate', 'setImmediate'],
    ['src/http/x.ts', 'const at = Date.now()', 'Date.now'],
    ['src/http/x.ts', "const at = Date['now']()", 'Date.now'],
    ['src/http/x.ts', 'const { now } = Date', 'Date.now'],
    ['src/http/x.ts', 'const at = new Date()', 'Date()'],
    ['src/cluster/x.ts', 'const at = performance.now()', 'performance.now'],
    ['src/cluster/x.ts', 'const at = process.hrtime.bigint()', 'process.hrtime'],
    ['src/base/clock.ts', 'const luck = Math.random()', 'Math.random'],
    ['observability/x.ts', 'const luck = Math.random', 'Math.random'],
  ],
  length: [['src/base/x.ts', '\n'.repeat(400), 'the limit is 400']],
  'first line': [],
  cycle: [],
  'unused door export': [],
}

const opening = '// A planted file, for the proof.'

function rulesBroken(...sources: (readonly [path: string, source: string])[]): string[] {
  return checkFloorPlan(
    plan,
    sources.map(([path, source]) => ({ path, source })),
  ).map(({ rule, message }) => `${rule}: ${message}`)
}

describe('the guard can fail', () => {
  const cases = Object.entries(planted).flatMap(([rule, list]) => list.map(([path, source, message]) => ({ rule, path, source, message })))

  test.for(cases)('$rule: $path with $source', ({ rule, path, source, message }) => {
    const broken = rulesBroken([path, `${opening}\n${source}\n`])
    expect(broken).toHaveLength(1)
    expect(broken[0]).toMatch(new RegExp(`^${rule}: `))
    expect(broken[0]?.toLowerCase()).toContain(message.toLowerCase())
  })

  test('first line: a file that opens with code, an empty comment, a block or one word', () => {
    for (const first of ['export const x = 1', '//', '/* What it is and does. */', '// clock', '']) {
      expect(rulesBroken(['src/base/x.ts', `${first}\n`])).toEqual([expect.stringMatching(/^first line: /)])
    }
    expect(rulesBroken(['src/launcher/x.ts', `#!/usr/bin/env node\n${opening}\n`])).toEqual([])
  })

  test('cycle: files that import each other at run time, in one room or through doors', () => {
    const a = ['src/otp/a.ts', `${opening}\nimport { b } from './b.ts'\n`] as const
    const c = ['src/otp/c.ts', `${opening}\nexport { a } from './a.ts'\n`] as const
    expect(rulesBroken(a, ['src/otp/b.ts', `${opening}\nimport { type C } from './c.ts'\n`], c)).toEqual([
      'cycle: files that import each other: src/otp/a.ts <-> src/otp/b.ts <-> src/otp/c.ts',
    ])
    expect(rulesBroken(['src/otp/a.ts', `${opening}\nimport './a.ts'\n`])).toHaveLength(1)
    const door = ['src/otp/index.ts', `${opening}\nimport '#base'\n`] as const
    expect(rulesBroken(door, ['src/base/index.ts', `${opening}\nimport '#otp'\n`])).toContain(
      'cycle: files that import each other: src/base/index.ts <-> src/otp/index.ts',
    )
  })

  test('cycle: types of one room may know each other, types of two rooms may not', () => {
    const a = ['src/otp/a.ts', `${opening}\nimport { b } from './b.ts'\n`] as const
    expect(rulesBroken(a, ['src/otp/b.ts', `${opening}\nimport type { A } from './a.ts'\n`])).toEqual([])
    const index = ['src/index.ts', `${opening}\nexport type { Node } from './node.ts'\n`] as const
    expect(rulesBroken(index, ['src/node.ts', `${opening}\nimport type { Node } from '#otp-labs'\n`])).toContain(
      'cycle: files that import each other: src/index.ts <-> src/node.ts',
    )
  })

  test('unused door export: a value that no file imports, unless the door is the public API', () => {
    const door = ['src/base/index.ts', `${opening}\nexport { used, unused, type Shape } from './a.ts'\nexport interface Row {}\n`] as const
    const user = ['src/otp/x.ts', `${opening}\nimport { used } from '#base'\n`] as const
    expect(rulesBroken(door, user)).toEqual(["unused door export: nobody imports 'unused'"])
    expect(rulesBroken(['src/index.ts', `${opening}\nexport { Pid } from '#process'\n`])).toEqual([])
  })

  test('every rule has its proof', () => {
    const elsewhere: Rule[] = ['first line', 'cycle', 'unused door export']
    expect(rules.filter((rule) => planted[rule].length === 0)).toEqual(elsewhere)
  })
})

describe('the guard lets pass', () => {
  test.for([
    ['src/cluster/transport/tcp.ts', "import { frame } from '../frame.ts'\nimport { connect } from 'node:net'"],
    ['src/http/routes/observer/tree.ts', "import { schema } from '../../schemas.ts'"],
    ['src/cluster/topology/kubernetes.ts', "const k8s = await import('@kubernetes/client-node')"],
    ['src/node-events.ts', "import type { HttpEvents } from './http/events.ts'"],
    ['src/otp/x.ts', 'export const later = clock.setTimeout(5)\nexport type Timer = ReturnType<typeof setTimeout>'],
    ['src/otp/x.ts', 'export const at = new Date(5)\nexport const names = { setTimeout: 1, now: 2 }'],
    ['src/otp/x.ts', "import { createHash } from 'node:crypto'\n// setTimeout(Date.now())"],
    ['src/auctions/routes.ts', "import type { FastifyPluginCallback } from 'fastify'"],
  ] as const)('%s with %s', ([path, source]) => {
    expect(rulesBroken([path, `${opening}\n${source}\n`])).toEqual([])
  })
})
