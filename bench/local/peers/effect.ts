// effect: an actor as one writes it there, a fiber that takes from a queue and answers through a deferred. Its calls have no deadline.
import { Deferred, Effect, Fiber, Queue } from 'effect'
import { perSecond, runMeasure } from '#bench/support/program.ts'

const CALLS = 100_000
const CALLERS = 100

interface Add {
  readonly by: number
  readonly answer: Deferred.Deferred<number>
}

type Counter = Queue.Queue<Add>

const handling = (queue: Counter) =>
  Effect.gen(function* () {
    let count = 0
    while (true) {
      const { by, answer } = yield* Queue.take(queue)
      count += by
      yield* Deferred.succeed(answer, count)
    }
  })

const call = (queue: Counter) =>
  Effect.gen(function* () {
    const answer = yield* Deferred.make<number>()
    yield* Queue.offer(queue, { by: 1, answer })
    return yield* Deferred.await(answer)
  })

const calls = (queue: Counter, count: number) =>
  Effect.gen(function* () {
    for (let i = 0; i < count; i++) yield* call(queue)
  })

/** Starts the actor, lets `callers` call it at once, and stops it. */
const play = (callers: number) =>
  Effect.gen(function* () {
    const queue = yield* Queue.unbounded<Add>()
    const actor = yield* Effect.forkChild(handling(queue))
    const one = calls(queue, CALLS / callers)
    yield* Effect.all(
      Array.from({ length: callers }, () => one),
      { concurrency: 'unbounded', discard: true },
    )
    yield* Fiber.interrupt(actor)
  })

const measure = (callers: number) => perSecond(CALLS, { prepare: () => play(callers), run: (program) => Effect.runPromise(program) })

await runMeasure({
  call: async () => ({ perSecond: await measure(1) }),
  'call-100': async () => ({ perSecond: await measure(CALLERS) }),
})
