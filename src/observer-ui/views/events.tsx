// What happens, as it happens: filtered, paused, and each opened to what it says.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { ask } from '../net/ask.ts'
import { matches } from '../net/event-filter.ts'
import { type Fact, useFacts } from '../net/facts.ts'
import { clock, count, plain } from '../parts/format.ts'
import { Nothing, Panel } from '../parts/panel.tsx'
import { Windowed } from '../parts/windowed.tsx'
import { type Route, replaceParameters } from '../routes.ts'

const KEPT = 5000
const EARLIER = 500
const ROW = 26
/** How often what came is drawn: a storm is thousands a second, an eye is not. */
const DRAW_MS = 200

const idOf = ({ node, seq }: Fact): string => `${node} ${seq}`

export function EventsView({ route }: { readonly route: Route }) {
  const { type = '', node = '' } = route.parameters
  const all = useRef<Fact[]>([])
  const isPaused = useRef(false)
  const [shown, setShown] = useState<readonly Fact[]>([])
  const [paused, setPaused] = useState(false)
  const [open, setOpen] = useState<Fact>()
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined)
  const show = useCallback(() => {
    waiting.current = undefined
    if (!isPaused.current) setShown(all.current.toReversed())
  }, [])
  const take = useCallback(
    (facts: readonly Fact[]) => {
      all.current.push(...facts)
      if (all.current.length > KEPT) all.current.splice(0, all.current.length - KEPT)
      waiting.current ??= setTimeout(show, DRAW_MS)
    },
    [show],
  )
  useFacts((fact) => take([fact]))
  useEffect(() => {
    ask<'events'>('events', { limit: EARLIER }).then(
      ({ events }) => {
        const live = new Set(all.current.map(idOf))
        all.current = [...events.filter((fact) => !live.has(idOf(fact))), ...all.current]
        show()
      },
      // The stream tells what comes; what was is not needed for that.
      () => undefined,
    )
    return () => clearTimeout(waiting.current)
  }, [show])
  const pause = (): void => {
    isPaused.current = !paused
    setPaused(!paused)
    show()
  }
  const rows = shown.filter((fact) => matches(fact.type, type) && (node === '' || fact.node === node))
  const set = (more: Readonly<Record<string, string>>): void => replaceParameters(route, { ...route.parameters, ...more })
  const tools = (
    <>
      <label>
        Type
        <input type="search" placeholder="supervisor.*" value={type} onInput={(event) => set({ type: event.currentTarget.value })} />
      </label>
      <label>
        Node
        <input type="search" value={node} onInput={(event) => set({ node: event.currentTarget.value })} />
      </label>
      <button type="button" aria-pressed={paused} onClick={pause}>
        {paused ? 'Go on' : 'Pause'}
      </button>
    </>
  )
  return (
    <>
      <h1>Events</h1>
      <Panel title="Events" note={`${count(rows.length)} of the last ${count(shown.length)}${paused ? ', paused' : ''}`} tools={tools}>
        {rows.length === 0 && <Nothing>Nothing like that has happened while this was open.</Nothing>}
        <Windowed
          rows={rows}
          rowHeight={ROW}
          role="log"
          label="Events, the youngest first"
          render={(fact) => (
            <div key={idOf(fact)} class="row event" style={{ height: `${ROW}px` }}>
              <span class="muted">{clock(fact.at)}</span>
              <span>{fact.node}</span>
              <button type="button" class="quiet" onClick={() => setOpen(fact)}>
                {fact.type}
              </button>
              <code>{plain(fact.data)}</code>
            </div>
          )}
        />
      </Panel>
      {open !== undefined && (
        <Panel
          title={`${open.type}, ${open.node} ${open.seq}`}
          note={clock(open.at)}
          tools={
            <button type="button" onClick={() => setOpen(undefined)}>
              Close
            </button>
          }
        >
          <pre>{JSON.stringify(open.data, null, 2)}</pre>
        </Panel>
      )}
    </>
  )
}
