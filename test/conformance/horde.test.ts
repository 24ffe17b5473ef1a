// Horde's public functions and options, held against the page that says what they are here, and against what a node has.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createNode, Node, type NodeOptions, uniform } from '#otp-labs'

/** Public functions of Horde 0.10, by module. */
const HORDE: Readonly<Record<string, readonly string[]>> = {
  'Horde.Registry': [
    'child_spec/1',
    'count/1',
    'count_match/4',
    'dispatch/4',
    'init/1',
    'keys/2',
    'lookup/2',
    'match/4',
    'meta/2',
    'put_meta/3',
    'register/3',
    'select/2',
    'start_link/1',
    'stop/3',
    'unregister/2',
    'unregister_match/4',
    'update_value/3',
  ],
  'Horde.DynamicSupervisor': [
    'child_spec/1',
    'count_children/1',
    'init/1',
    'start_child/2',
    'start_link/1',
    'stop/3',
    'terminate_child/2',
    'wait_for_quorum/2',
    'which_children/1',
  ],
  'Horde.Cluster': ['members/1', 'set_members/3'],
  'Horde.DistributionStrategy': ['choose_node/2', 'has_quorum?/1'],
}

/** Options of its supervisor and its registry. */
const OPTIONS = [
  'delta_crdt_options',
  'distribution_strategy',
  'extra_arguments',
  'keys',
  'listeners',
  'max_children',
  'max_restarts',
  'max_seconds',
  'members',
  'meta',
  'name',
  'process_redistribution',
  'shutdown',
  'strategy',
]

/** Every option that the page names; neither one too many nor one that is none compiles. */
const OURS = {
  supervisor: {
    name: true,
    maxRestarts: true,
    periodMs: true,
    maxChildren: true,
    extraArguments: true,
    strategy: true,
    members: true,
    processRedistribution: true,
    rebalance: true,
    backoff: true,
    relocation: true,
    handoff: true,
  } satisfies Record<keyof NonNullable<NodeOptions['supervisor']>, true>,
  registry: { listeners: true } satisfies Record<keyof NonNullable<NodeOptions['registry']>, true>,
}

const page = readFileSync('docs/explanation/differences-from-horde.md', 'utf8')
const rows = [...page.matchAll(/^\| `([^`]+)` \| (?:`([^`]+)`|–) \| (.*)\|$/gm)].map(([, theirs, ours, why]) => ({
  theirs,
  ours,
  why: why?.trim(),
}))
const functions = rows.filter(({ theirs }) => theirs?.startsWith('Horde.'))
const options = rows.filter(({ theirs }) => theirs?.startsWith('Horde.') === false)

test('the page has a row for every public function and option of Horde, and for no other', () => {
  const all = Object.entries(HORDE).flatMap(([module, names]) => names.map((name) => `${module}.${name}`))
  expect(functions.map(({ theirs }) => theirs).toSorted()).toEqual(all.toSorted())
  expect(options.map(({ theirs }) => theirs).toSorted()).toEqual(OPTIONS.toSorted())
})

test('every function that the page names is there', async () => {
  await using node = await createNode({ name: 'n1', incarnation: 1 })
  const holders: Readonly<Record<string, object>> = {
    registry: node.registry,
    supervisor: node.supervisor,
    strategy: uniform,
    node: Node.prototype,
    createNode: { createNode },
  }
  const named = new Set([
    ...functions.map(({ ours }) => ours as string),
    ...[...page.matchAll(/`((?:registry|supervisor)\.[a-z]\w+)`/gi)].map(([, name]) => name as string),
  ])
  const missing = [...named].filter((name) => {
    const [holder, member = holder] = name.split('.') as [string, string?]
    const isOption = member in (OURS[holder as keyof typeof OURS] ?? {})
    return !isOption && !(member in (holders[holder] ?? {}))
  })
  expect(missing).toEqual([])
})

test('every option that the page names is one, and each of a node’s is named', () => {
  const ours = Object.entries(OURS).flatMap(([holder, names]) => Object.keys(names).map((name) => `${holder}.${name}`))
  const named = options.flatMap(({ ours: name }) => name ?? [])
  expect(named.filter((name) => !ours.includes(name))).toEqual([])
  expect(ours.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

test('what is not there is given a reason', () => {
  expect(rows.filter(({ ours, why }) => ours === undefined && why === '')).toEqual([])
})
