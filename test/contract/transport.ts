// What every transport owes, as tests: run against each implementation, on a network that the implementation's own test provides.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Crash, type NodeId, Pid } from '#process'
import type { Frame, Link, Transport } from '#src/cluster/transport/transport.ts'
import { TransportRecorder } from '#test/support/transport-recorder.ts'

export interface TransportSettings {
  /** Where to listen; without it the transport has one of its own. */
  readonly address?: string
  readonly secret?: string
  readonly cluster?: string
  readonly maxFrameBytes?: number
  readonly maxFrameItems?: number
  readonly maxQueuedBytes?: number
  readonly maxBufferedBytes?: number
  readonly maxBytesPerSecond?: number
  readonly handshakeMs?: number
}

/** One network for one test. */
export interface TransportFixture {
  transport(id: NodeId, settings?: TransportSettings): Transport
  /** An address of this network where nobody listens. */
  freeAddress(): Promise<string>
  /** Lets the network work until the promise is settled; a network in real time just waits. */
  during<T>(promise: Promise<T>): Promise<T>
  /** An address that takes a dial and never answers. */
  silentAddress(): Promise<string>
  close(): Promise<void>
}

export type TransportSentence = (typeof sentences)[number]
export type TransportWaivers = Partial<Record<TransportSentence, string>>

const sentences = [
  'links two nodes, and both are told who the other is and where it listens',
  'carries frames both ways, whole and in order',
  'carries plain data, pids and crashes',
  'delivers copies',
  'sends frames of one turn together, and frames before a close still leave',
  'throws for a frame over the limit or of no plain data, and the link goes on',
  'tells both sides once that a link is closed, and nothing after it',
  'loses what is sent on a closed link',
  'counts frames and bytes',
  'says that a link is overloaded before it is closed, and that it is not when the peer has read',
  'closes a link whose peer does not read: overloaded',
  'reads no more than the node can handle, and goes on when it can',
  'reads a peer no faster than it may be',
  'closes a link on which a frame comes that is over the limit',
  'closes a link on which a frame comes that holds too many values',
  'answers refused where nobody listens, and only there',
  'answers timeout where nobody answers',
  'answers self at its own address',
  'answers duplicate where there is a link already',
  'answers duplicate to one of two dials at once',
  'leaves exactly one link of two dials that cross',
  'turns away who does not know the secret, and both sides hear why',
  'turns away who is of another cluster',
  'throws for a weak secret',
  'throws for an address that is taken, and names it',
  'closes every link when it closes, refuses from then on, and dials no more',
  'links again after a link was closed',
  'links a node of the same name in its next life',
] as const

/** The link that a recorder was told of first. */
const ba = ({ links }: TransportRecorder): Link => links[0] as Link

/** `waived`: sentences that an implementation does not keep, each with the reason. */
export function transportContract(name: string, create: () => Promise<TransportFixture>, waived: TransportWaivers = {}): void {
  describe(`the transport ${name}`, () => {
    let fixture: TransportFixture
    const opened: Transport[] = []

    beforeEach(async () => {
      fixture = await create()
    })

    afterEach(async () => {
      await fixture.during(Promise.all(opened.splice(0).map((transport) => transport.close())))
      await fixture.close()
    })

    async function open(id: NodeId, settings?: TransportSettings): Promise<[Transport, TransportRecorder]> {
      const transport = fixture.transport(id, settings)
      opened.push(transport)
      const recorder = new TransportRecorder()
      await transport.listen(recorder)
      return [transport, recorder]
    }

    async function linked(settings?: TransportSettings) {
      const [a, atA] = await open('a.1', settings)
      const [b, atB] = await open('b.1', settings)
      expect(await fixture.during(a.dial(b.address))).toBeUndefined()
      await fixture.during(atB.heard('up a.1'))
      return { a, b, atA, atB, ab: atA.links[0] as (typeof atA.links)[0], ba: atB.links[0] as (typeof atB.links)[0] }
    }

    const bodies: Record<TransportSentence, () => Promise<void>> = {
      'links two nodes, and both are told who the other is and where it listens': async () => {
        const { a, b, ab, ba } = await linked()
        expect(ab).toMatchObject({ peer: 'b.1', peerAddress: b.address, direction: 'out' })
        expect(ba).toMatchObject({ peer: 'a.1', peerAddress: a.address, direction: 'in' })
      },

      'carries frames both ways, whole and in order': async () => {
        const { atA, atB, ab, ba } = await linked()
        const frames = Array.from({ length: 2000 }, (_, index): Frame => ['n', index, 'x'.repeat((index * 37) % 3000)])
        for (const frame of frames) {
          ab.send(frame)
          ba.send(frame)
        }
        await fixture.during(Promise.all([atA, atB].map((at) => at.until(({ frames: got }) => got.length === frames.length))))
        expect(atA.frames).toEqual(frames)
        expect(atB.frames).toEqual(frames)
      },

      'carries plain data, pids and crashes': async () => {
        const { ab, atB } = await linked()
        const value = {
          pid: new Pid('n1.lq3f9a', 42),
          map: new Map([[1, new Set(['a'])]]),
          at: new Date(5),
          big: 2n ** 70n,
          none: undefined,
        }
        ab.send(['value', value, new Crash(new RangeError('no'))])
        await fixture.during(atB.heard('frame a.1 value'))
        expect(atB.frames[0]?.[1]).toEqual(value)
        expect(atB.frames[0]?.[2]).toMatchObject({ error: { name: 'RangeError', message: 'no' } })
      },

      'delivers copies': async () => {
        const { ab, atB } = await linked()
        const state = { bids: [1], bytes: Buffer.from('abc') }
        ab.send(['value', state])
        state.bids.push(2)
        state.bytes.fill(0)
        await fixture.during(atB.heard('frame a.1 value'))
        expect(atB.frames[0]?.[1]).toEqual({ bids: [1], bytes: Buffer.from('abc') })
      },

      'sends frames of one turn together, and frames before a close still leave': async () => {
        const { ab, atB } = await linked()
        ab.send(['first'])
        ab.send(['last'])
        ab.close('done')
        await fixture.during(atB.heard('closed a.1 closed'))
        expect(atB.frames).toEqual([['first'], ['last']])
      },

      'throws for a frame over the limit or of no plain data, and the link goes on': async () => {
        const { ab, atB } = await linked({ maxFrameBytes: 1000 })
        expect(() => ab.send(['large', 'x'.repeat(1001)])).toThrow(expect.objectContaining({ code: 'ERR_OTP_CLUSTER_FRAME_TOO_LARGE' }))
        expect(() => ab.send(['code', () => 1])).toThrow(expect.objectContaining({ code: 'ERR_OTP_CLUSTER_NOT_PLAIN_DATA' }))
        ab.send(['small'])
        await fixture.during(atB.heard('frame a.1 small'))
        expect(atB.frames).toEqual([['small']])
        expect(ab.counts).toMatchObject({ messagesOut: 1, sendErrors: 2 })
      },

      'tells both sides once that a link is closed, and nothing after it': async () => {
        const { a, b, ab, atA, atB } = await linked()
        atB.onFrame = (link) => link.close('enough')
        ab.send(['one'])
        ab.send(['two'])
        await fixture.during(atA.heard('closed b.1 closed'))
        await fixture.during(Promise.all([a.close(), b.close()]))
        expect(atA.told).toEqual(['up b.1', 'closed b.1 closed'])
        expect(atB.told).toEqual(['up a.1', 'closed a.1 enough', 'frame a.1 one'])
      },

      'loses what is sent on a closed link': async () => {
        const { ab, atB } = await linked()
        ab.close('done')
        ab.close('twice')
        expect(ab.send(['late'])).toBe(0)
        expect(ab.counts.sendErrors).toBe(1)
        await fixture.during(atB.heard('closed a.1 closed'))
        expect(atB.frames).toEqual([])
      },

      'counts frames and bytes': async () => {
        const { ab, ba, atA, atB } = await linked()
        let queued = 0
        for (let index = 0; index < 10; index++) queued += ab.send(['n', index])
        await fixture.during(atB.until(({ frames }) => frames.length === 10))
        expect(ab.counts.bytesOut).toBe(queued)
        ba.send(['answer'])
        await fixture.during(atA.heard('frame b.1 answer'))
        expect(ab.counts).toMatchObject({ messagesOut: 10, messagesIn: 1 })
        expect(ba.counts).toMatchObject({
          messagesOut: 1,
          messagesIn: 10,
          bytesOut: ab.counts.bytesIn,
          bytesIn: ab.counts.bytesOut,
          pauses: 0,
        })
        expect(ab.counts.bytesOut).toBeGreaterThan(10 * 5)
      },

      'says that a link is overloaded before it is closed, and that it is not when the peer has read': async () => {
        const { ab, atA, atB } = await linked({ maxQueuedBytes: 1_000_000 })
        let sent = 0
        for (; !ab.isOverloaded; sent++) ab.send(['n', Buffer.alloc(100_000)])
        expect([sent, ab.queuedBytes > 1_000_000, ab.queuedBytes < 1_200_000]).toEqual([10, true, true])
        // What keeps the cluster together still gets through.
        ab.send(['heartbeat'])
        await fixture.during(atB.until(({ frames }) => frames.length === sent + 1))
        ba(atB).send(['read'])
        await fixture.during(atA.heard('frame b.1 read'))
        expect([ab.isOverloaded, ab.queuedBytes]).toEqual([false, 0])
      },

      'reads no more than the node can handle, and goes on when it can': async () => {
        const { ab, atA, atB } = await linked({ maxQueuedBytes: 1_000_000 })
        atB.onFrame = () => {
          atB.isBusy = atB.frames.length < 100
        }
        for (let index = 0; index < 100; index++) {
          ab.send(['n', index, Buffer.alloc(10_000)])
          // In pieces, so that there is something left to read.
          if (index % 10 === 9) await new Promise<void>((resolve) => process.nextTick(resolve))
        }
        await fixture.during(atB.until(({ frames }) => frames.length === 100))
        expect(atB.frames.map((frame) => frame[1])).toEqual(Array.from({ length: 100 }, (_, index) => index))
        expect(ba(atB).counts.pauses).toBeGreaterThan(0)
        expect([...atA.told, ...atB.told].filter((told) => told.startsWith('closed'))).toEqual([])
      },

      'reads a peer no faster than it may be': async () => {
        const { ab, atB } = await linked({ maxBytesPerSecond: 2_000_000 })
        for (let index = 0; index < 22; index++) ab.send(['n', index, Buffer.alloc(100_000)])
        await fixture.during(atB.until(({ frames }) => frames.length === 22))
        expect(ba(atB).counts.pauses).toBeGreaterThan(0)
        expect(atB.frames.map((frame) => frame[1])).toEqual(Array.from({ length: 22 }, (_, index) => index))
      },

      'closes a link whose peer does not read: overloaded': async () => {
        const { ab, atA } = await linked({ maxBufferedBytes: 1_000_000 })
        // More than one turn's frames: nothing of it can have left, as the peer has had no turn to read.
        for (let index = 0; index < 300; index++) ab.send(['n', Buffer.alloc(10_000)])
        expect(atA.live.size).toBe(1)
        await fixture.during(atA.heard('closed b.1 overloaded'))
        expect(atA.live.size).toBe(0)
      },

      'closes a link on which a frame comes that is over the limit': async () => {
        const [a, atA] = await open('a.1')
        const [b, atB] = await open('b.1', { maxFrameBytes: 1000 })
        await fixture.during(a.dial(b.address))
        await fixture.during(atB.heard('up a.1'))
        atA.links[0]?.send(['large', 'x'.repeat(1001)])
        await fixture.during(atB.heard('closed a.1 bad frame'))
        expect(atB.told).toEqual(['up a.1', 'frame refused a.1', 'closed a.1 bad frame'])
        expect(atB.details[0]).toContain('over the limit of 1000')
      },

      'closes a link on which a frame comes that holds too many values': async () => {
        const [a, atA] = await open('a.1')
        const [b, atB] = await open('b.1', { maxFrameItems: 1000 })
        await fixture.during(a.dial(b.address))
        await fixture.during(atB.heard('up a.1'))
        atA.links[0]?.send(['many', Array.from({ length: 1000 }, () => [])])
        await fixture.during(atB.heard('closed a.1 bad frame'))
        expect(atB.told).toEqual(['up a.1', 'frame refused a.1', 'closed a.1 bad frame'])
        expect(atB.details[0]).toContain('more than 1000 values')
      },

      'answers refused where nobody listens, and only there': async () => {
        const [a] = await open('a.1')
        expect(await fixture.during(a.dial(await fixture.freeAddress()))).toMatchObject({ kind: 'refused' })
        expect(await fixture.during(a.dial('no address'))).toMatchObject({ kind: expect.not.stringMatching('refused') })
      },

      'answers timeout where nobody answers': async () => {
        const [a] = await open('a.1', { handshakeMs: 100 })
        expect(await fixture.during(a.dial(await fixture.silentAddress()))).toMatchObject({ kind: 'timeout' })
      },

      'answers self at its own address': async () => {
        const [a] = await open('a.1')
        expect(await fixture.during(a.dial(a.address))).toMatchObject({ kind: 'self' })
      },

      'answers duplicate where there is a link already': async () => {
        const { a, b, atA, atB } = await linked()
        expect(await fixture.during(a.dial(b.address))).toMatchObject({ kind: 'duplicate' })
        expect(await fixture.during(b.dial(a.address))).toMatchObject({ kind: 'duplicate' })
        expect([atA.live.size, atB.live.size]).toEqual([1, 1])
      },

      'answers duplicate to one of two dials at once': async () => {
        const [a, atA] = await open('a.1')
        const [b] = await open('b.1')
        const failures = await fixture.during(Promise.all([a.dial(b.address), a.dial(b.address)]))
        expect(failures).toEqual([undefined, expect.objectContaining({ kind: 'duplicate' })])
        expect(atA.live.size).toBe(1)
      },

      'leaves exactly one link of two dials that cross': async () => {
        for (let life = 1; life <= 10; life++) {
          const [a, atA] = await open(`a.${life.toString(36)}`)
          const [b, atB] = await open(`b.${life.toString(36)}`)
          const failures = await fixture.during(Promise.all([a.dial(b.address), b.dial(a.address)]))
          expect(failures.map((failure) => failure?.kind ?? 'linked').toSorted()).toEqual(['duplicate', 'linked'])
          await fixture.during(Promise.all([atA, atB].map((at) => at.until(({ live }) => live.size === 1))))
          // Both ends are of the same link: what one says the other hears.
          ;[...atA.live.values()][0]?.send(['to b'])
          ;[...atB.live.values()][0]?.send(['to a'])
          await fixture.during(Promise.all([atA, atB].map((at) => at.until(({ frames }) => frames.length === 1))))
          expect([...atA.told, ...atB.told].filter((told) => told.startsWith('up') || told.startsWith('second'))).toHaveLength(2)
          await fixture.during(Promise.all([a.close(), b.close()]))
        }
      },

      'turns away who does not know the secret, and both sides hear why': async () => {
        const [a, atA] = await open('a.1', { secret: 'another secret, long enough' })
        const [b, atB] = await open('b.1')
        const failure = await fixture.during(a.dial(b.address))
        expect(failure).toEqual({ kind: 'handshake', detail: 'secret: refused by the other side: secret' })
        expect(atB.told).toEqual(['handshake refused secret'])
        expect(atA.told).toEqual([])
      },

      'turns away who is of another cluster': async () => {
        const [a] = await open('a.1', { cluster: 'other' })
        const [b, atB] = await open('b.1')
        expect(await fixture.during(a.dial(b.address))).toMatchObject({ kind: 'handshake', detail: expect.stringContaining('cluster') })
        expect(atB.told).toEqual(['handshake refused cluster'])
      },

      'throws for a weak secret': async () => {
        expect(() => fixture.transport('a.1', { secret: 'short' })).toThrow(
          expect.objectContaining({ code: 'ERR_OTP_CLUSTER_WEAK_SECRET' }),
        )
      },

      'throws for an address that is taken, and names it': async () => {
        const [a] = await open('a.1')
        await expect(fixture.transport('b.1', { address: a.address }).listen(new TransportRecorder())).rejects.toThrow(
          expect.objectContaining({ code: 'ERR_OTP_CLUSTER_LISTEN', message: expect.stringContaining(a.address) }),
        )
      },

      'closes every link when it closes, refuses from then on, and dials no more': async () => {
        const { a, b, ab, atA, atB } = await linked()
        ab.send(['goodbye'])
        await fixture.during(a.close())
        expect(atA.told.at(-1)).toBe('closed b.1 stopped')
        await fixture.during(atB.heard('closed a.1 closed'))
        expect(atB.frames).toEqual([['goodbye']])
        expect(await fixture.during(b.dial(a.address))).toMatchObject({ kind: 'refused' })
        expect(await fixture.during(a.dial(b.address))).toMatchObject({ kind: 'unreachable' })
      },

      'links again after a link was closed': async () => {
        const { a, b, ab, atA, atB } = await linked()
        ab.close('once')
        await fixture.during(atB.heard('closed a.1 closed'))
        expect(await fixture.during(b.dial(a.address))).toBeUndefined()
        await fixture.during(atA.until(({ links }) => links.length === 2))
      },

      'links a node of the same name in its next life': async () => {
        const { a, b, atA, atB } = await linked()
        await fixture.during(b.close())
        await fixture.during(atA.heard('closed b.1 closed'))
        const [later] = await open('b.2')
        expect(await fixture.during(a.dial(later.address))).toBeUndefined()
        expect([...atA.live.keys()]).toEqual(['b.2'])
        expect(atB.live.size).toBe(0)
      },
    }

    test.for(sentences)('%s', async (sentence, { skip }) => {
      const reason = waived[sentence]
      if (reason !== undefined) skip(`waived: ${reason}`)
      await bodies[sentence]()
    })
  })
}
