// What every topology owes, as tests: run against each strategy, in a world that the strategy's own test provides.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type {
  RunningTopology,
  TopologyFacts,
  TopologyListener,
  TopologyRefusal,
  TopologySelf,
  TopologyStrategy,
} from '#src/cluster/topology/strategy.ts'
import { Recorder } from '#test/support/recorder.ts'

/** One world for one test, in which this node and one peer can be found from the beginning. */
export interface TopologyFixture {
  readonly strategy: TopologyStrategy
  readonly self: TopologySelf
  /** The addresses which the first look finds. */
  readonly expected: readonly string[]
  /** A further peer comes into this world, or goes. */
  readonly appear?: (address: string) => Promise<void>
  readonly vanish?: (address: string) => Promise<void>
  close(): Promise<void>
}

export type TopologySentence = (typeof sentences)[number]

export const sentences = [
  'has a name for labels',
  'has told the whole set when start resolves',
  'tells addresses that can be dialled, each once',
  'tells the whole set again when asked to look',
  'finds a peer that comes later',
  'tells the set without a peer that has gone',
  'tells nothing after it was stopped',
  'may be stopped twice',
  'looks for several nodes at once, and goes on for the others when one has stopped',
] as const

/** Keeps what a topology tells, and lets a test wait for it. */
export class TopologyRecorder extends Recorder implements TopologyListener {
  readonly sets: (readonly string[])[] = []
  readonly failures: Error[] = []
  /** What was told beside the newest set. */
  facts: TopologyFacts = {}
  readonly restarts: ('watch' | 'list')[] = []
  readonly refusals: [TopologyRefusal, number][] = []

  peers(addresses: readonly string[], facts: TopologyFacts = {}): void {
    this.sets.push(addresses)
    this.facts = facts
    this.wake()
  }

  restarted(from: 'watch' | 'list'): void {
    this.restarts.push(from)
    this.wake()
  }

  refused(reason: TopologyRefusal, count: number): void {
    this.refusals.push([reason, count])
    this.wake()
  }

  failed(error: Error): void {
    this.failures.push(error)
    this.wake()
  }
}

/** `waived`: sentences that a strategy does not keep, each with the reason. */
export function topologyContract(
  name: string,
  create: () => Promise<TopologyFixture>,
  waived: Partial<Record<TopologySentence, string>> = {},
): void {
  describe(`the topology ${name}`, () => {
    let fixture: TopologyFixture
    let recorder: TopologyRecorder
    const started: RunningTopology[] = []

    beforeEach(async () => {
      fixture = await create()
      recorder = new TopologyRecorder()
    })

    afterEach(async () => {
      for (const running of started.splice(0)) await running.stop()
      await fixture.close()
    })

    const start = async (self = fixture.self, listener = recorder): Promise<RunningTopology> => {
      const running = await fixture.strategy.start(self, listener)
      started.push(running)
      return running
    }
    const newest = () => [...(recorder.sets.at(-1) ?? [])].toSorted()

    const bodies: Record<TopologySentence, () => Promise<void>> = {
      'has a name for labels': async () => {
        expect(fixture.strategy.name).toMatch(/^[a-z]+$/)
      },

      'has told the whole set when start resolves': async () => {
        await start()
        expect(newest()).toEqual(fixture.expected.toSorted())
        expect(recorder.failures).toEqual([])
      },

      'tells addresses that can be dialled, each once': async () => {
        await start()
        expect(newest()).toEqual([...new Set(newest())])
        for (const address of newest()) expect(address).toMatch(/^[^\s]+:\d+$/)
      },

      'tells the whole set again when asked to look': async () => {
        const running = await start()
        const before = recorder.sets.length
        running.refresh()
        await recorder.until(({ sets }) => sets.length > before)
        expect(newest()).toEqual(fixture.expected.toSorted())
      },

      'finds a peer that comes later': async () => {
        await start()
        await fixture.appear?.('127.0.0.1:4999')
        await recorder.until(() => newest().includes('127.0.0.1:4999'))
        expect(newest()).toEqual([...fixture.expected, '127.0.0.1:4999'].toSorted())
      },

      'tells the set without a peer that has gone': async () => {
        await fixture.appear?.('127.0.0.1:4999')
        await start()
        expect(newest()).toContain('127.0.0.1:4999')
        await fixture.vanish?.('127.0.0.1:4999')
        await recorder.until(() => !newest().includes('127.0.0.1:4999'))
        expect(newest()).toEqual(fixture.expected.toSorted())
      },

      'tells nothing after it was stopped': async () => {
        const running = await start()
        await running.stop()
        const before = recorder.sets.length
        running.refresh()
        await fixture.appear?.('127.0.0.1:4999')
        // A look that began would be over by the end of one by another strategy of the same kind.
        const other = await create()
        const late = new TopologyRecorder()
        const second = await other.strategy.start(other.self, late)
        await second.stop()
        await other.close()
        expect(recorder.sets).toHaveLength(before)
      },

      'may be stopped twice': async () => {
        const running = await start()
        await running.stop()
        await running.stop()
        running.refresh()
      },

      'looks for several nodes at once, and goes on for the others when one has stopped': async () => {
        const late = new TopologyRecorder()
        const [, second] = await Promise.all([start(), start({ id: 'n9.1', address: '127.0.0.1:4909' }, late)])
        await second.stop()
        const before = recorder.sets.length
        const toldToLate = late.sets.length
        started[0]?.refresh()
        await recorder.until(({ sets }) => sets.length > before)
        await recorder.until(() => newest().join() === fixture.expected.toSorted().join())
        expect(late.sets).toHaveLength(toldToLate)
        expect([...recorder.failures, ...late.failures]).toEqual([])
      },
    }

    test.for(sentences)('%s', async (sentence, { skip }) => {
      const reason = waived[sentence]
      if (reason !== undefined) skip(`waived: ${reason}`)
      await bodies[sentence]()
    })
  })
}
