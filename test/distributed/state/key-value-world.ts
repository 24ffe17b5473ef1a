// Nodes that take names from each other and write, over a model of the engine on which everything goes wrong; and what they must never see.
import { type Clock, type Random, seededRandom, type Timer } from '#base'
import { type Blobs, type Fence, type KeyValue, keyValueStateStore, type StateStore, type StateStoreContext } from '#distributed'
import { BlobSweep } from '#src/distributed/state/blob-sweep.ts'
import { compareFences, isSameBirth, shutsOut } from '#src/distributed/state/fence.ts'
import { StateEngine } from '#src/distributed/state/state-engine.ts'
import { FakeClock } from '#test/support/fake-clock.ts'
import { ModelBlobs } from '#test/support/model-blobs.ts'
import { ModelEngine } from '#test/support/model-key-value.ts'

const NODES = ['a.1', 'b.1', 'c.1']
const NAMES = ['lot-1', 'lot-2']
const TROUBLE_MS = 60_000
/** Two rounds of the sweep, and time for what is still under way. */
const REST_MS = 1_300_000

/** The clock of a node that may stand still. */
class NodeClock implements Clock {
  readonly #clock: Clock
  #held: (() => void)[] | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  wall(): number {
    return this.#clock.wall()
  }

  after(ms: number, fn: () => void): Timer {
    return this.#clock.after(ms, () => {
      if (this.#held === undefined) fn()
      else this.#held.push(fn)
    })
  }

  soon(fn: () => void): void {
    this.after(0, fn)
  }

  pause(): void {
    this.#held ??= []
  }

  resume(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const fn of held) fn()
  }
}

interface Write {
  readonly key: string
  readonly fence: Fence
  readonly seq: number
  readonly text: string
  readonly invokedAt: number
  answeredAt: number | undefined
}

interface Opening {
  readonly key: string
  readonly fence: Fence
  readonly answeredAt: number
}

/** What the world has of one name. */
interface Life {
  gen: number
  epoch: number
  /** Nothing is kept of births up to this one. */
  ended: number
}

export interface WorldOptions {
  readonly seed: number
  /** Between the stores and the engine: for engines that do not keep their word. */
  readonly breaking?: (keyValue: KeyValue) => KeyValue
}

export class KeyValueWorld {
  readonly violations: string[] = []
  readonly clock = new FakeClock()
  readonly #random: Random
  readonly #engine: ModelEngine
  readonly #blobs: ModelBlobs
  readonly #breaking: (keyValue: KeyValue) => KeyValue
  readonly #clocks = new Map<string, NodeClock>()
  readonly #stores = new Map<string, StateStore>()
  readonly #sweep: BlobSweep
  /** Each token is shown once. */
  readonly #shown: Fence[] = []
  readonly #lives = new Map<string, Life>(NAMES.map((key) => [key, { gen: 1, epoch: 0, ended: 0 }]))
  readonly #writes: Write[] = []
  readonly #openings: Opening[] = []
  #isOver = false
  /** What was acknowledged, so that a run in which nothing happened is seen. */
  acknowledged = 0

  constructor({ seed, breaking = (keyValue) => keyValue }: WorldOptions) {
    this.#random = seededRandom(seed)
    const { clock } = this
    this.#engine = new ModelEngine({ clock, random: this.#random, delayMs: [1, 15], requestMs: 300 })
    this.#blobs = new ModelBlobs({ clock, random: this.#random, requestMs: 300 })
    this.#breaking = breaking
    this.#sweep = new BlobSweep(new StateEngine(this.#engine.client('sweep'), this.#blobs, clock), () => false)
  }

  async run(): Promise<readonly string[]> {
    for (const id of NODES) this.#stores.set(id, await this.#store(id))
    const owners = NODES.flatMap((id) => NAMES.map((key) => this.#own(id, key)))
    const trouble = this.#trouble()
    await this.clock.advance(TROUBLE_MS)
    this.#isOver = true
    this.#heal()
    await this.clock.through(Promise.all([...owners, trouble]))
    await this.clock.advance(REST_MS)
    await this.#judgeTheEnd()
    return this.violations
  }

  async #store(id: string): Promise<StateStore> {
    const clock = new NodeClock(this.clock)
    this.#clocks.set(id, clock)
    const blobs: Blobs = this.#blobs
    const keyValue = this.#breaking(this.#engine.client(id, clock))
    const made = await this.clock.through(keyValueStateStore(keyValue, blobs, { name: 'model', inlineBytes: 64, clock: this.clock }))
    const context = { id, clock, cluster: { alive: new Set(NODES) } }
    return made(context as unknown as StateStoreContext)
  }

  // ---- what goes wrong

  async #trouble(): Promise<void> {
    while (!this.#isOver) {
      await this.#pass(50, 1500)
      if (this.#isOver) return
      // Rounds are long, so that a writer has most likely ended; none has to.
      if (this.#whole(2) === 0) void this.#sweep.sweep().catch(() => undefined)
      const kind = this.#whole(8)
      const node = this.#pick(NODES)
      if (kind === 0) this.#engine.answersLost = this.#random.next() * 0.4
      else if (kind === 1) this.#engine.staleReads = this.#random.next() * 0.6
      else if (kind === 2) this.#blobs.answersLost = this.#blobs.requestsLost = this.#random.next() * 0.2
      else if (kind === 3) this.#engine.stall(this.#random.next() * 3000)
      else if (kind === 4)
        await this.#during(
          () => (this.#engine.hasQuorum = false),
          () => (this.#engine.hasQuorum = true),
        )
      else if (kind === 5)
        await this.#during(
          () => this.#engine.cut(node),
          () => this.#engine.mend(node),
        )
      else if (kind === 6)
        await this.#during(
          () => this.#clocks.get(node)?.pause(),
          () => this.#clocks.get(node)?.resume(),
        )
      else this.#heal()
    }
  }

  async #during(begin: () => void, end: () => void): Promise<void> {
    begin()
    await this.#pass(10, 2500)
    end()
  }

  #heal(): void {
    this.#engine.answersLost = 0
    this.#engine.staleReads = 0
    this.#blobs.answersLost = this.#blobs.requestsLost = 0
    this.#engine.hasQuorum = true
    for (const id of NODES) {
      this.#engine.mend(id)
      this.#clocks.get(id)?.resume()
    }
  }

  // ---- what nodes do

  async #own(id: string, key: string): Promise<void> {
    const store = this.#stores.get(id) as StateStore
    while (!this.#isOver) {
      await this.#pass(10, 4000, id)
      const life = this.#lives.get(key) as Life
      const fence: Fence = { gen: life.gen, founder: key, epoch: life.epoch + (this.#whole(4) === 0 ? 0 : 1), owner: id }
      if (fence.epoch === 0 || this.#shown.some((other) => compareFences(other, fence) === 0)) continue
      this.#shown.push(fence)
      life.epoch = Math.max(life.epoch, fence.epoch)
      const isOpen = await this.#open(store, key, fence)
      if (isOpen) await this.#writeOn(store, key, fence, id)
      // Opened again after its end, as by a node that had not heard of it.
      if (isOpen && this.#isEnded(key, fence)) store.forget(key, fence.gen)
      if (this.#whole(3) > 0) store.release(key, fence)
    }
  }

  async #open(store: StateStore, key: string, fence: Fence): Promise<boolean> {
    const invokedAt = this.clock.now()
    try {
      const result = await store.open(key, fence, false)
      if (!result.ok) return false
      const answeredAt = this.clock.now()
      const text = result.stored && Buffer.from(result.stored.bytes).toString()
      if (result.stored !== undefined && compareFences(result.stored.fence, fence) === 0)
        this.violations.push(`${key}: ${fence.owner} found ${text} as its own under ${fence.epoch}, which nobody had`)
      this.#judgeFound(key, fence, text, (write) => (write.answeredAt ?? Number.POSITIVE_INFINITY) < invokedAt)
      this.#openings.push({ key, fence, answeredAt })
      return true
    } catch {
      return false
    }
  }

  async #writeOn(store: StateStore, key: string, fence: Fence, id: string): Promise<void> {
    let seq = store.read(key, fence)?.seq ?? 0
    for (let left = this.#whole(12); left > 0 && !this.#isOver; left--) {
      // Now and then several at once: they share a write.
      const writes = Array.from({ length: this.#whole(6) === 0 ? 3 : 1 }, () => this.#write(store, key, fence, ++seq))
      if (!(await Promise.all(writes)).every((isWritten) => isWritten)) return
      await this.#pass(1, 300, id)
    }
    const life = this.#lives.get(key) as Life
    if (this.#whole(5) > 0 || life.gen !== fence.gen) return
    life.gen++
    life.epoch = 0
    life.ended = fence.gen
    store.forget(key, fence.gen)
  }

  async #write(store: StateStore, key: string, fence: Fence, seq: number): Promise<boolean> {
    const text = `${fence.gen}/${fence.epoch}/${fence.owner}/${seq}${this.#whole(3) === 0 ? ' large'.repeat(20) : ''}`
    const write: Write = { key, fence, seq, text, invokedAt: this.clock.now(), answeredAt: undefined }
    this.#writes.push(write)
    try {
      const result = await store.write(key, { fence, seq, version: 0, bytes: Buffer.from(text) })
      if (!result.ok) return false
      write.answeredAt = this.clock.now()
      this.acknowledged++
      this.#judgeWritten(write, store)
      return true
    } catch {
      return false
    }
  }

  // ---- what must never be

  #isEnded(key: string, { gen }: Fence): boolean {
    return gen <= (this.#lives.get(key) as Life).ended
  }

  #judgeWritten(write: Write, store: StateStore): void {
    const { key, fence, text, invokedAt } = write
    if (this.#isEnded(key, fence)) return
    for (const other of this.#openings) {
      if (other.key !== key || other.answeredAt >= invokedAt || !shutsOut(other.fence, fence)) continue
      this.violations.push(`${key}: ${text} was written after ${other.fence.owner} had opened ${other.fence.gen}/${other.fence.epoch}`)
    }
    if (store.read(key, fence) === undefined) this.violations.push(`${key}: ${text} was written and cannot be read`)
  }

  #judgeFound(key: string, fence: Fence, text: string | undefined, isKnown: (write: Write) => boolean): void {
    if (this.#isEnded(key, fence)) return
    const mine = this.#writes.filter((write) => write.key === key && isSameBirth(write.fence, fence))
    const found = mine.find((write) => write.text === text)
    if (text !== undefined && found === undefined) this.violations.push(`${key}: found ${text}, which is nobody's in this birth`)
    for (const write of mine) {
      if (isKnown(write) && (found === undefined || isLater(write, found)))
        this.violations.push(`${key}: ${write.text} was acknowledged, and ${fence.owner} found ${text} under ${fence.epoch}`)
    }
  }

  async #judgeTheEnd(): Promise<void> {
    const store = await this.#store('d.1')
    const most = Math.max(...this.#openings.map(({ fence }) => fence.gen))
    if (store.lastGen < most) this.violations.push(`birth ${most} was opened, and births are said to end with ${store.lastGen}`)
    for (const [key, { gen, epoch, ended }] of this.#lives) {
      const fence: Fence = { gen, founder: key, epoch: epoch + 1, owner: 'd.1' }
      const opened = store.open(key, fence, ended === gen - 1).catch((error: Error) => error)
      const result = await this.clock.through(opened)
      if (result instanceof Error) this.violations.push(`${key}: ${result.message}`)
      else if (!result.ok)
        this.violations.push(`${key}: ${fence.epoch} is refused by ${result.by.owner} ${result.by.gen}/${result.by.epoch}`)
      else {
        const text = result.stored && Buffer.from(result.stored.bytes).toString()
        this.#judgeFound(key, fence, text, (write) => write.answeredAt !== undefined)
        if (result.stored !== undefined && result.stored.fence.gen <= ended) this.violations.push(`${key}: ${text} was not forgotten`)
      }
    }
    const names = await this.clock.through(this.#blobs.names())
    if (names.length > NAMES.length) this.violations.push(`blobs that nobody refers to: ${names.join(', ')}`)
  }

  // ---- chance

  #whole(below: number): number {
    return Math.floor(this.#random.next() * below)
  }

  #pick<T>(all: readonly T[]): T {
    return all[this.#whole(all.length)] as T
  }

  /** Some time, by the clock of a node if it is one that waits. */
  #pass(least: number, most: number, id?: string): Promise<void> {
    const clock = (id === undefined ? undefined : this.#clocks.get(id)) ?? this.clock
    return new Promise((resolve) => clock.after(least + this.#random.next() * (most - least), resolve))
  }
}

function isLater(a: Write, b: Write): boolean {
  return (compareFences(a.fence, b.fence) || a.seq - b.seq) > 0
}
