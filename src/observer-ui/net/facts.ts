// The facts of all nodes as they happen: one stream for the page, open while somebody listens, gone on from where it broke.
import { useEffect, useRef } from 'preact/hooks'
import type { Answers } from '#answers'
import { address, request } from './ask.ts'
import { readSent } from './server-sent.ts'

export type Fact = Answers['event']
type Listener = (fact: Fact) => void

const RETRY_MS = { least: 250, most: 5000 } as const
const listeners = new Set<Listener>()
let closing: AbortController | undefined

async function follow(signal: AbortSignal): Promise<void> {
  let last: string | undefined
  let retryMs: number = RETRY_MS.least
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) }
      const response = await request(address('events'), { headers, signal })
      retryMs = RETRY_MS.least
      await readSent(response, ({ id, event, data }) => {
        last = id ?? last
        if (event !== 'fact') return
        const fact = JSON.parse(data) as Fact
        for (const listen of listeners) listen(fact)
      })
    } catch {
      // A node that is gone or refuses: the polled answers say which; here it is only tried again.
      if (signal.aborted) return
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs))
    retryMs = Math.min(retryMs * 2, RETRY_MS.most)
  }
}

/** Calls `listen` for each fact while the component is there. */
export function useFacts(listen: Listener): void {
  const current = useRef(listen)
  current.current = listen
  useEffect(() => {
    const own: Listener = (fact) => current.current(fact)
    listeners.add(own)
    if (closing === undefined) {
      closing = new AbortController()
      void follow(closing.signal)
    }
    return () => {
      listeners.delete(own)
      if (listeners.size > 0) return
      closing?.abort()
      closing = undefined
    }
  }, [])
}
