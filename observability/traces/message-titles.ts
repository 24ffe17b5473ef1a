// The names of message spans and the attributes that all spans of a message share: put together once, since a kept message is paid for twice.
import type { MessageKind } from '#otp-labs'
import type { Attribute } from '#vocabulary'

/** What a span of this message says whoever sends it. */
export interface MessageTitle {
  readonly title: string
  readonly attributes: Readonly<Partial<Record<Attribute, string>>>
}

/** Names of messages may come from other nodes: beyond so many they are put together each time. */
const MOST = 2000

export class MessageTitles {
  readonly #kinds = { call: new Map<string, MessageTitle>(), cast: new Map<string, MessageTitle>(), info: new Map<string, MessageTitle>() }

  of(kind: MessageKind, behaviour: string, name: string): MessageTitle {
    const known = this.#kinds[kind]
    const key = `${behaviour}.${name}`
    let title = known.get(key)
    if (title === undefined) {
      const attributes = { 'otp.behaviour': behaviour, 'otp.message': name, 'otp.message.kind': kind }
      title = { title: `otp.${kind} ${key}`, attributes }
      if (known.size < MOST) known.set(key, title)
    }
    return title
  }
}
