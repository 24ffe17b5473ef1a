// asyncStream: a function applied to many items, each in a task of its own, so many at a time, as Elixir's Task.async_stream.
import { CodedError } from '#base'
import { checkTimeout, ExitError, type ExitReason } from '#process'
import type { Self } from './gen-server.ts'
import { type Caller, callerOf, type Owner } from './owner.ts'
import { Task } from './task.ts'
import type { TaskFunction } from './task-body.ts'

export interface AsyncStreamOptions {
  /** Tasks that run at the same time. Default 8: a node has one scheduler, so this bounds what waits, not what computes. */
  readonly maxConcurrency?: number
  /** Whether results come in the order of the items, for which later ones may have to be kept. Default true. */
  readonly ordered?: boolean
  /** How long each task may run. Default 5000. */
  readonly timeoutMs?: number
  /** `exit` (the default): the stream throws `ExitError` with `timeout`, and all its tasks end. `kill_task`: that task's result is the exit `timeout`. */
  readonly onTimeout?: 'exit' | 'kill_task'
}

/** What became of one item; `input` is the item whose task failed. */
export type Streamed<I, T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: ExitReason; readonly input: I }

/** What is done with each item. */
export type ItemFunction<I, T> = (item: I, signal: AbortSignal, self: Self) => T | Promise<T>

export type Items<I> = Iterable<I> | AsyncIterable<I>

/** Starts one task of a stream, under a supervisor or not. */
export type Begin = <T>(run: TaskFunction<T>, isLinked: boolean) => Task<T> | Promise<Task<T>>

/**
 * Runs `run` for each item in a task of its own and yields what becomes of them. Nothing starts before somebody iterates; when
 * the iteration stops, its tasks end. The tasks are linked with the owner: one that crashes takes an owner along that does not
 * trap exits; an owner that does, or that is no process, finds the reason in the stream.
 */
export function asyncStream<I, T>(
  owner: Owner,
  items: Items<I>,
  run: ItemFunction<I, T>,
  options: AsyncStreamOptions = {},
): AsyncGenerator<Streamed<I, T>, void, undefined> {
  const caller = callerOf(owner)
  const begin: Begin = (each, isLinked) => Task.async(isLinked ? owner : caller.runtime, each)
  return streamOf(caller, begin, items, run, options, true)
}

/** A stream whose tasks are started by `begin`; for this room. */
export function streamOf<I, T>(
  caller: Caller,
  begin: Begin,
  items: Items<I>,
  run: ItemFunction<I, T>,
  options: AsyncStreamOptions,
  isLinked: boolean,
): AsyncGenerator<Streamed<I, T>, void, undefined> {
  const { maxConcurrency = 8 } = options
  if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1) {
    throw new CodedError('ERR_OTP_OTP_BAD_TASK', `expected maxConcurrency to be a whole number from 1, got ${maxConcurrency}`)
  }
  // An owner that traps exits is not to find one in its mailbox for each item: the stream says the same.
  return new Stream(caller, begin, items, run, { ...options, maxConcurrency }, isLinked && caller.process?.trapExit !== true).results()
}

/** One iteration: what runs, what is done and not yet taken, and what is still to come. */
class Stream<I, T> {
  readonly #caller: Caller
  readonly #begin: Begin
  readonly #items: Items<I>
  readonly #run: ItemFunction<I, T>
  readonly #maxConcurrency: number
  readonly #isOrdered: boolean
  readonly #timeoutMs: number
  readonly #onTimeout: 'exit' | 'kill_task'
  readonly #isLinked: boolean
  readonly #running = new Set<Task<T>>()
  /** By the item's place, or where no order is asked for by the result's. */
  readonly #done = new Map<number, Streamed<I, T>>()
  #begun = 0
  #active = 0
  #arrived = 0
  #isExhausted = false
  #isPulling = false
  #isClosed = false
  #failure: { readonly error: unknown } | undefined
  #changed = Promise.withResolvers<void>()

  constructor(
    caller: Caller,
    begin: Begin,
    items: Items<I>,
    run: ItemFunction<I, T>,
    options: AsyncStreamOptions & { readonly maxConcurrency: number },
    isLinked: boolean,
  ) {
    this.#caller = caller
    this.#begin = begin
    this.#items = items
    this.#run = run
    this.#maxConcurrency = options.maxConcurrency
    this.#isOrdered = options.ordered ?? true
    this.#timeoutMs = options.timeoutMs ?? 5000
    checkTimeout(this.#timeoutMs, 'tasks of a stream')
    this.#onTimeout = options.onTimeout ?? 'exit'
    this.#isLinked = isLinked
  }

  async *results(): AsyncGenerator<Streamed<I, T>, void, undefined> {
    const iterator = Symbol.asyncIterator in this.#items ? this.#items[Symbol.asyncIterator]() : this.#items[Symbol.iterator]()
    const { runtime, process } = this.#caller
    // Whether linked or not: nobody will take the results of an owner that is gone.
    const down = (): void => void this.#close()
    const ref = process === undefined ? undefined : runtime.monitor(process.pid, { down })
    try {
      for (let next = 0; ; ) {
        this.#fill(iterator)
        if (this.#failure !== undefined) throw this.#failure.error
        const result = this.#done.get(next)
        if (result !== undefined) {
          this.#done.delete(next++)
          yield result
        } else if (this.#isExhausted && this.#active === 0) {
          return
        } else {
          this.#changed = Promise.withResolvers()
          await this.#changed.promise
        }
      }
    } finally {
      if (process !== undefined && ref !== undefined) runtime.demonitor(ref, process.pid)
      await this.#close()
      await this.#leave(iterator)
    }
  }

  /** Takes items for as long as another task may run. An item that has to be waited for must not keep results back. */
  #fill(iterator: Iterator<I> | AsyncIterator<I>): void {
    while (!this.#isExhausted && !this.#isPulling && this.#active < this.#maxConcurrency) {
      const next = iterator.next()
      if (!('then' in next)) {
        this.#take(next)
        continue
      }
      this.#isPulling = true
      next.then(
        (item) => {
          this.#isPulling = false
          this.#take(item)
          this.#changed.resolve()
        },
        (error: unknown) => this.#fail(error),
      )
    }
  }

  /** Lets the items know that no more are wanted; one that is still to come is not waited for. */
  async #leave(iterator: Iterator<I> | AsyncIterator<I>): Promise<void> {
    if (this.#isExhausted) return
    const left = Promise.resolve(iterator.return?.())
    if (this.#isPulling) left.catch(() => undefined)
    else await left
  }

  #take(next: IteratorResult<I, unknown>): void {
    if (next.done === true) this.#isExhausted = true
    else if (!this.#isClosed) void this.#runOne(this.#begun++, next.value)
  }

  async #runOne(place: number, input: I): Promise<void> {
    this.#active++
    try {
      const task = await this.#begin<T>((signal, self) => this.#run(input, signal, self), this.#isLinked)
      this.#running.add(task)
      if (this.#isClosed) await this.#close()
      else await this.#hear(task, place, input)
      this.#running.delete(task)
    } catch (error) {
      this.#fail(error)
    }
    this.#active--
    this.#changed.resolve()
  }

  async #hear(task: Task<T>, place: number, input: I): Promise<void> {
    let result = await task.yield(this.#timeoutMs)
    if (this.#isClosed) return
    if (result === undefined) {
      if (this.#onTimeout === 'exit') throw new ExitError('timeout', `task ${task.pid} of the stream was not done in ${this.#timeoutMs} ms`)
      result = (await task.shutdown('brutal_kill')) ?? { ok: false, reason: 'timeout' }
    }
    this.#done.set(this.#isOrdered ? place : this.#arrived++, result.ok ? result : { ...result, input })
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#changed.resolve()
  }

  async #close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#running].map((task) => task.shutdown()))
  }
}
