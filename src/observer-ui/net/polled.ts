// An answer that is asked for again and again while its view is looked at.
import { useEffect, useState } from 'preact/hooks'
import type { Answers } from '#answers'
import { address, ask, type Parameters, Refused } from './ask.ts'

export interface Polled<T> {
  /** The last one; it stays when the next could not be had. */
  readonly answer: T | undefined
  readonly refused: Refused | undefined
}

/** While nobody looks at the page nothing is asked. */
const isSeen = (): boolean => document.visibilityState === 'visible'

export function usePolled<N extends keyof Answers>(path: string, parameters: Parameters = {}, everyMs = 1000): Polled<Answers[N]> {
  const url = address(path, parameters)
  const [polled, setPolled] = useState<Polled<Answers[N]> & { url: string }>({ answer: undefined, refused: undefined, url })
  useEffect(() => {
    const over = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const poll = async (): Promise<void> => {
      if (isSeen()) {
        try {
          const answer = await ask<N>(path, parameters, over.signal)
          setPolled({ answer, refused: undefined, url })
        } catch (error) {
          if (over.signal.aborted) return
          const refused = error instanceof Refused ? error : new Refused(0, String(error))
          setPolled((before) => ({ answer: before.url === url ? before.answer : undefined, refused, url }))
        }
      }
      timer = setTimeout(poll, everyMs)
    }
    const onSeen = (): void => {
      if (!isSeen() || timer === undefined) return
      clearTimeout(timer)
      timer = undefined
      void poll()
    }
    void poll()
    document.addEventListener('visibilitychange', onSeen)
    return () => {
      over.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onSeen)
    }
  }, [url, everyMs])
  return polled
}
