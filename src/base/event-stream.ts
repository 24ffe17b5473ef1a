// The one stream on which every room states its facts: typed, synchronous, and deaf to what its listeners do wrong.
import { inWords } from './in-words.ts'

/** Facts the stream states about itself. */
export interface StreamEvents {
  /** A subscriber threw and hears nothing from now on: listening cannot harm those who speak. */
  'events.subscriber_detached': { subscriber: string; event: string; error: string }
}

/** A subscriber's table: a function for what it hears, `null` for what it deliberately leaves out. */
export type Handlers<E> = { readonly [K in keyof E]?: ((event: E[K]) => void) | null }

/** What a room needs of the stream: to state facts, and to know whether anybody listens to a costly one. */
export interface Emitter<E> {
  emit<K extends keyof E & string>(type: K, event: E[K]): void
  /** Whether anybody hears `type`; ask before building a fact that happens once a message. */
  wants(type: keyof E & string): boolean
}

/** An object of its own for each: a name that is subscribed again is another subscription. */
interface Subscription {
  readonly subscriber: string
}

interface Listener {
  readonly subscription: Subscription
  readonly hear: (event: never) => void
}

/** Emits in the order of subscription, after the state has changed, on the emitter's own stack. */
export class EventStream<E> implements Emitter<E & StreamEvents> {
  readonly #listeners = new Map<string, readonly Listener[]>()

  emit<K extends keyof (E & StreamEvents) & string>(type: K, event: (E & StreamEvents)[K]): void {
    const listeners = this.#listeners.get(type)
    if (listeners === undefined) return
    for (const listener of listeners) {
      try {
        listener.hear(event as never)
      } catch (error) {
        const { subscription } = listener
        this.#detach((other) => other.subscription === subscription)
        this.emit('events.subscriber_detached', { subscriber: subscription.subscriber, event: type, error: inWords(error) } as never)
      }
    }
  }

  wants(type: keyof (E & StreamEvents) & string): boolean {
    return this.#listeners.has(type)
  }

  /** Adds a table under a name that is unique on this stream, in place of an earlier one of that name; the answer takes it off again. */
  subscribe(subscriber: string, handlers: Handlers<E & StreamEvents>): () => void {
    this.#detach(({ subscription }) => subscription.subscriber === subscriber)
    const own: Subscription = { subscriber }
    for (const [type, hear] of Object.entries(handlers) as [string, Listener['hear'] | null | undefined][]) {
      if (hear) this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), { subscription: own, hear }])
    }
    return () => this.#detach(({ subscription }) => subscription === own)
  }

  /** Lists are replaced, never changed: an emit under way goes on over the list it began with. */
  #detach(isGone: (listener: Listener) => boolean): void {
    for (const [type, listeners] of this.#listeners) {
      const rest = listeners.filter((listener) => !isGone(listener))
      if (rest.length === 0) this.#listeners.delete(type)
      else if (rest.length < listeners.length) this.#listeners.set(type, rest)
    }
  }
}
