// A node whose children keep notes at NATS: node main.ts <settings>. Asked over IPC, and ends with its parent.

import type { StateStore, StoredState } from '#distributed'
import { connectNats } from '#nats'
import { createNode, genServer, localTopology, reply } from '#otp-labs'
import type { Answers, NotebookSettings, Question } from './process.ts'

/** Notes, and as many bytes beside them as it was opened with. */
const Notes = genServer({
  name: 'notes',
  init: (bytes: number): { readonly notes: readonly string[]; readonly ballast: string } => ({ notes: [], ballast: 'x'.repeat(bytes) }),
  persist: true,
  calls: {
    add: (state, note: string) => reply('added', { ...state, notes: [...state.notes, note] }),
    look: (state) => reply({ notes: state.notes, bytes: state.ballast.length }, state),
  },
})

const settings = JSON.parse(process.argv[2] as string) as NotebookSettings
const { name, directory, secret, servers, replicas, cluster } = settings
const nats = await connectNats({ servers, replicas, cluster })
const factory = await nats.stateStore()
/** What this node wrote last of each child, and by which store. */
const last = new Map<string, StoredState>()
let store: StateStore | undefined
const node = await createNode({
  name,
  secret,
  behaviours: [Notes],
  topologies: [localTopology({ directory })],
  stateStore: (context) => {
    const made = factory(context)
    const write = made.write.bind(made)
    made.write = (key, state) => {
      last.set(key, state)
      return write(key, state)
    }
    store = made
    return made
  },
})

let failedWrites = 0
let isWriting = false
const written = new Map<string, string[]>()
node.events.subscribe('test', {
  'state.write_failed': () => {
    failedWrites++
  },
})

/** One note after the other, until it is told to end or the child says no: by pid, so that it is this very process. */
async function writeOn(id: string): Promise<void> {
  const pid = node.registry.lookup(id)
  const notes: string[] = []
  written.set(id, notes)
  for (let i = 0; isWriting && pid !== undefined; i++) {
    const note = `${name} ${i}`
    try {
      await node.runtime.call(pid, 'add', note)
      notes.push(note)
    } catch {
      return
    }
  }
}

const answers: Answers = {
  members: async () => node.cluster.alive.size,
  open: async ({ id, bytes }) => (await node.supervisor.startChild({ id, start: [Notes, bytes] })).ok,
  add: async ({ id, note }) => {
    await node.call(Notes.named(id), 'add', note)
    return true
  },
  look: async ({ id }) => node.call(Notes.named(id), 'look'),
  own: async () => node.supervisor.whichChildren().flatMap(({ id, pid }) => (pid?.node === node.id ? [id] : [])),
  write: async ({ ids }) => {
    isWriting = true
    for (const id of ids) void writeOn(id)
    return true
  },
  written: async () => {
    isWriting = false
    return [...written]
  },
  failures: async () => failedWrites,
  writeLate: async ({ id }) => {
    const state = last.get(id)
    if (store === undefined || state === undefined) throw new Error(`${name} has never written ${id}`)
    return (await store.write(id, { ...state, seq: state.seq + 1 })).ok
  },
}

process.on('disconnect', () => process.exit(0))
process.on('message', ({ id, ask, question }: Question) => {
  const answer = answers[ask] as (given: unknown) => Promise<unknown>
  answer(question).then(
    (value) => process.send?.({ id, answer: value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  )
})
process.send?.({ id: 0, answer: true })
