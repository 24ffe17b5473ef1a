// Holds answers back until the state that they speak of is written; what changes during a write goes into the next one.
import { Crash, type ExitReason, type Process, type ReplyTo } from '#process'
import type { StateKeeper } from './durable-state.ts'

/** The end of a process whose name another has taken, as its callers see it. */
export const FENCED: ExitReason = { shutdown: 'fenced' }

interface Answer {
  readonly to: ReplyTo
  readonly value: unknown
}

/** How the state is made ready to be written. */
export interface Saving {
  readonly version: number
  save(state: unknown): unknown
}

/** The gate of one process: from its start to its end. */
export class WriteGate {
  readonly #self: Process
  readonly #keeper: StateKeeper
  readonly #saving: Saving
  /** The newest state that was given away to be written, or was written from the beginning. */
  #given: unknown
  #isHandling = false
  #isWriting = false
  #isScheduled = false
  /** Answers given within the callback under way: whether they speak of the state that it will return, nobody can tell. */
  #held: Answer[] = []
  /** Answers that wait for the write under way, and those that wait for the next. */
  #waiting: Answer[] = []
  #next: Answer[] = []
  #drained: PromiseWithResolvers<void> | undefined
  /** A write has failed or was refused: nothing is written any more. */
  isBroken = false
  /** The name is another's: nobody is answered any more. */
  isFenced = false

  /** `written`: the state that there is in the store; whatever else the process has is written first of all. */
  constructor(self: Process, keeper: StateKeeper, saving: Saving, written: unknown) {
    this.#self = self
    this.#keeper = keeper
    this.#saving = saving
    this.#given = written
  }

  /** The address for answers to a call, in place of the caller's own. */
  hold(replyTo: ReplyTo): ReplyTo {
    return new HeldReply(this, replyTo)
  }

  /** Called before a message is handled, and when it was. */
  begin(): void {
    this.#isHandling = true
  }

  end(): void {
    this.#isHandling = false
    if (this.#held.length > 0) this.#sortHeld()
    if (this.#self.state !== this.#given) this.#schedule()
  }

  #sortHeld(): void {
    const held = this.#held
    this.#held = []
    for (const answer of held) this.#sort(answer)
  }

  answer(to: ReplyTo, value: unknown): void {
    if (this.#isHandling) this.#held.push({ to, value })
    else this.#sort({ to, value })
  }

  #sort(answer: Answer): void {
    const { to, value } = answer
    const isGiven = this.#self.state === this.#given
    if (isGiven && !this.#isWriting && this.#next.length === 0) {
      to.reply(value)
      return
    }
    // The end of the process has to reach them.
    this.#self.owe(to)
    if (isGiven && this.#isWriting) this.#waiting.push(answer)
    else {
      this.#next.push(answer)
      this.#schedule()
    }
  }

  /** Resolves when nothing is left to write, or cannot be written; `undefined` if that is so now. */
  drain(): Promise<void> | undefined {
    this.end()
    if (!this.#isWriting && !this.isBroken) this.#write()
    if (!this.#isWriting || this.isBroken) return undefined
    this.#drained ??= Promise.withResolvers()
    return this.#drained.promise
  }

  #isDrained(): void {
    this.#drained?.resolve()
    this.#drained = undefined
  }

  /** Not at once: the messages of one drain of the mailbox share a write. */
  #schedule(): void {
    if (this.#isScheduled || this.#isWriting || this.isBroken) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      if (!this.#isWriting && !this.isBroken && this.#self.isAlive) this.#write()
    })
  }

  #write(): void {
    const { state } = this.#self
    this.#waiting = this.#next
    this.#next = []
    // It may have become again what it was.
    if (state === this.#given) {
      this.#release()
      return
    }
    this.#given = state
    this.#isWriting = true
    try {
      const written = this.#keeper.write(this.#saving.version, this.#saving.save(state))
      if (written instanceof Promise) written.then(this.#onWritten, this.#onFailed)
      else this.#onWritten(written)
    } catch (error) {
      this.#onFailed(error)
    }
  }

  readonly #onWritten = (isWritten: boolean): void => {
    this.#isWriting = false
    if (!isWritten) {
      this.#break()
      this.isFenced = true
      this.#keeper.stop(FENCED)
      return
    }
    this.#release()
    if (this.#self.isAlive && (this.#self.state !== this.#given || this.#next.length > 0)) this.#write()
    if (!this.#isWriting) this.#isDrained()
  }

  /** What the process knows is ahead of what would be found after it: it ends, so that nobody is told of what may never have been. */
  readonly #onFailed = (error: unknown): void => {
    this.#isWriting = false
    this.#break()
    this.#self.stop(new Crash(error))
  }

  #break(): void {
    this.isBroken = true
    this.#isDrained()
  }

  #release(): void {
    const answers = this.#waiting
    this.#waiting = []
    for (const { to, value } of answers) to.reply(value)
  }
}

/** A caller whose answer waits until what it says is written. */
class HeldReply implements ReplyTo {
  readonly #gate: WriteGate
  readonly #to: ReplyTo

  constructor(gate: WriteGate, to: ReplyTo) {
    this.#gate = gate
    this.#to = to
  }

  get isSettled(): boolean {
    return this.#to.isSettled
  }

  reply(value: unknown): void {
    this.#gate.answer(this.#to, value)
  }

  fail(reason: ExitReason): void {
    this.#to.fail(reason)
  }
}
