// Moves without faults, from many seeds: no message is lost or handled twice, and those of one sender keep their order.
import { expect, test } from 'vitest'
import { seededRandom } from '#base'
import { genServer, reply } from '#otp-labs'
import { Box } from '#test/support/box.ts'

type Note = readonly [sender: string, number: number]

const Log = genServer({
  name: 'log',
  init: (): readonly Note[] => [],
  calls: {
    add: (state, note: Note) => reply(note[1], [...state, note]),
    read: (state) => reply(state, state),
  },
  casts: { note: (state, note: Note) => [...state, note] },
  handoff: true,
})

const names = ['n1', 'n2', 'n3', 'n4']

async function story(seed: number) {
  const random = seededRandom(seed)
  const box = await Box.formed({
    names,
    seed,
    node: { behaviours: [Log] },
    delayMs: [1, 1 + random.int(60)],
    note: ['handoff.ended', 'process.dead_letter'],
  })
  expect(await box.through(box.node('n1').supervisor.startChild({ id: 'log', start: [Log] }))).toMatchObject({ ok: true })
  await box.clock.advance(200)
  const sent = new Map(names.map((name) => [name, 0]))
  const answered = new Map<string, number[]>(names.map((name) => [name, []]))
  const moves: Promise<unknown>[] = []
  let calls = 0
  for (let step = 0; step < 300; step++) {
    const name = names[random.int(names.length)] as string
    const node = box.node(name)
    if (random.next() < 0.08) moves.push(node.supervisor.moveChild('log', names[random.int(names.length)] as string))
    const number = (sent.get(name) ?? 0) + 1
    sent.set(name, number)
    if (random.next() < 0.5) node.cast(Log.named('log'), 'note', [name, number])
    else {
      calls++
      void node.call(Log.named('log'), 'add', [name, number]).then((answer) => answered.get(name)?.push(answer))
    }
    if (random.next() < 0.7) await box.clock.advance(random.int(20))
  }
  await box.through(Promise.all(moves))
  await box.clock.advance(1000)
  const notes = await box.through(box.node('n1').call(Log.named('log'), 'read'))
  const completed = box.events('handoff.ended').filter(({ outcome }) => outcome === 'completed').length
  const letters = box.events('process.dead_letter')
  for (const node of box.live()) await box.stop(node.name)
  return { sent, answered, calls, notes, completed, letters }
}

test.for(Array.from({ length: 25 }, (_, index) => index + 1))('seed %i', { timeout: 30_000 }, async (seed) => {
  const { sent, answered, calls, notes, completed, letters } = await story(seed)
  expect(completed).toBeGreaterThan(2)
  expect(letters).toEqual([])
  for (const [name, count] of sent) {
    const numbers = notes.filter(([sender]) => sender === name).map(([, number]) => number)
    expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1))
  }
  expect([...answered.values()].flat()).toHaveLength(calls)
  for (const answers of answered.values()) expect(answers).toEqual(answers.toSorted((a, b) => a - b))
})
