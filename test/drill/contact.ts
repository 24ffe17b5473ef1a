// Whom Alertmanager tells in a drill: a webhook of the drill's own, which passes on every notice with the time it came.
import { Ear } from './ear.ts'

/** What came to a receiver; times as `performance.now()` has them. */
export interface Notice {
  readonly at: number
  readonly receiver: string
  readonly alerts: readonly ToldAlert[]
}

/** One alert of a notice. */
export interface ToldAlert {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  /** When it began to fire. */
  readonly startedAt: number
}

interface Message {
  readonly receiver: string
  readonly alerts: readonly { readonly status: 'firing' | 'resolved'; readonly labels: ToldAlert['labels']; readonly startsAt: string }[]
}

export class Contact extends Ear {
  onNotice: (notice: Notice) => void = () => undefined

  constructor() {
    super((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        this.onNotice(noticeOf(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Message))
        response.end()
      })
    })
  }
}

const noticeOf = ({ receiver, alerts }: Message): Notice => ({
  at: performance.now(),
  receiver,
  alerts: alerts.map(({ status, labels, startsAt }) => ({ status, labels, startedAt: Date.parse(startsAt) - performance.timeOrigin })),
})
