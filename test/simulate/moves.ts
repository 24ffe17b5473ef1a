// One seed of moves: a process is sent from node to node while all nodes talk to it; what was said must be there, once, and in order.
import { type Random, seededRandom } from '#base'
import { genServer, reply } from '#otp-labs'
import type { HandoffRules } from '#src/distributed/handoff/rules.ts'
import { Box } from '#test/support/box.ts'
import type { Violation } from './ledger.ts'
import type { Outcome } from './simulation.ts'

export interface MovesOptions {
  /** Rules that are switched off. */
  readonly rules?: Partial<HandoffRules>
  /** Frames from one node to another wait for seconds now and then; nobody is taken for dead. Then messages may be lost, and calls fail. */
  readonly hasStalls?: boolean
}

export interface MovesOutcome extends Outcome {
  /** Moves that went through. */
  readonly completed: number
}

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

const NAMES = ['n1', 'n2', 'n3', 'n4']
const STEPS = 300
const CALL_MS = 60_000
/** Longer than a fence is waited for, and than a target may say nothing; shorter than it takes to be down. */
const LONGEST_STALL_MS = 8000
const TIMES = { tickMs: 1000, suspectMs: 5000, downMs: 30_000, forgetMs: 3600_000, forgetGoneMs: 600_000 }

class Talk {
  readonly #box: Box
  readonly #random: Random
  readonly sent = new Map(NAMES.map((name) => [name, 0]))
  readonly answered = new Map<string, number[]>(NAMES.map((name) => [name, []]))
  readonly moves: Promise<unknown>[] = []
  calls = 0
  failed = 0
  #stalledUntil = 0

  constructor(box: Box, random: Random) {
    this.#box = box
    this.#random = random
  }

  #name(): string {
    return NAMES[this.#random.int(NAMES.length)] as string
  }

  step(): void {
    const name = this.#name()
    const node = this.#box.node(name)
    if (this.#random.next() < 0.08) this.moves.push(node.supervisor.moveChild('log', this.#name()))
    const number = (this.sent.get(name) ?? 0) + 1
    this.sent.set(name, number)
    if (this.#random.next() < 0.5) {
      node.cast(Log.named('log'), 'note', [name, number])
      return
    }
    this.calls++
    node.call(Log.named('log'), 'add', [name, number], { timeoutMs: CALL_MS }).then(
      (answer) => this.answered.get(name)?.push(answer),
      () => this.failed++,
    )
  }

  stall(): void {
    const { clock, network } = this.#box
    if (clock.now() < this.#stalledUntil || this.#random.next() > 0.1) return
    const ms = 1000 + this.#random.int(LONGEST_STALL_MS - 1000)
    this.#stalledUntil = clock.now() + ms + 1000
    network.cut(this.#name(), this.#name(), { oneWay: true, hold: true })
    clock.after(ms, () => network.heal())
  }
}

/** The same seed and options always run the same. */
export async function simulateMoves(seed: number, { rules = {}, hasStalls = false }: MovesOptions = {}): Promise<MovesOutcome> {
  const random = seededRandom(seed)
  const box = await Box.formed({
    names: NAMES,
    seed,
    node: { behaviours: [Log], rules: { handoff: rules } },
    delayMs: [1, 1 + random.int(60)],
    note: ['handoff.ended', 'process.dead_letter'],
    ...(hasStalls ? { times: TIMES } : {}),
  })
  await box.through(box.node('n1').supervisor.startChild({ id: 'log', start: [Log] }))
  await box.clock.advance(200)
  const talk = new Talk(box, random)
  for (let step = 0; step < STEPS; step++) {
    if (hasStalls) talk.stall()
    talk.step()
    if (hasStalls || random.next() < 0.7) await box.clock.advance(random.int(hasStalls ? 300 : 20))
  }
  await box.clock.advance(hasStalls ? LONGEST_STALL_MS + 12_000 : 1000)
  await box.through(Promise.all(talk.moves))
  await box.clock.advance(1000)
  const notes = await box.through(box.node('n1').call(Log.named('log'), 'read')).catch((): readonly Note[] => [])
  const violations: Violation[] = []
  const note = (kind: Violation['kind'], what: string) => violations.push({ kind, atMs: Math.round(box.clock.now()), what })
  for (const name of NAMES) check(name, talk, notes, hasStalls, note)
  if (!hasStalls) {
    if (talk.failed > 0) note('lost', `${talk.failed} of ${talk.calls} calls failed`)
    for (const { message } of box.events('process.dead_letter')) note('lost', `${message} reached nobody`)
  }
  for (const what of box.violations('log')) note('duplicate', what)
  const completed = box.events('handoff.ended').filter(({ outcome }) => outcome === 'completed').length
  for (const node of box.live()) await box.stop(node.name)
  return { seed, violations, transcript: [], births: 1, simulatedMs: box.clock.now(), completed }
}

function check(
  name: string,
  talk: Talk,
  notes: readonly Note[],
  mayLose: boolean,
  note: (kind: Violation['kind'], what: string) => void,
): void {
  const numbers = notes.filter(([sender]) => sender === name).map(([, number]) => number)
  const there = new Set(numbers)
  const answers = talk.answered.get(name) ?? []
  if (there.size < numbers.length) note('twice', `a message of ${name} was handled twice: ${numbers.join()}`)
  if (numbers.some((number, index) => number < (numbers[index - 1] ?? 0))) note('order', `messages of ${name}: ${numbers.join()}`)
  const forgotten = answers.filter((number) => !there.has(number))
  if (forgotten.length > 0) note('forgotten', `${name} was answered to ${forgotten.join()}, of which nothing is known`)
  if (mayLose) return
  if (there.size < (talk.sent.get(name) ?? 0)) note('lost', `of ${talk.sent.get(name)} messages of ${name} there are ${there.size}`)
  if (answers.some((number, index) => number < (answers[index - 1] ?? 0))) note('order', `answers to ${name}: ${answers.join()}`)
}
