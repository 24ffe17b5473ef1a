// The supervision tree of one node: collapsible, live; a restart flashes, a colour says how each is.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Answers } from '#answers'
import { ask, Refused } from '../net/ask.ts'
import { useFacts } from '../net/facts.ts'
import { count, duration } from '../parts/format.ts'
import { Badge, Nothing, Panel } from '../parts/panel.tsx'
import { Windowed } from '../parts/windowed.tsx'
import { linkTo, type Route, replaceParameters } from '../routes.ts'
import { type Entry, health, keyOf, opened } from './tree-rows.ts'

const EVERY_MS = 2000
const PAGE = 500
/** More than this many entries are not asked for: the filter of the processes finds what is beyond. */
const MOST = 20_000
const FLASH_MS = 1500
const ROW = 28

/** Page after page, until the end. */
async function wholeTree(node: string | undefined, signal: AbortSignal): Promise<Answers['tree']> {
  let first: Answers['tree'] | undefined
  const entries: Entry[] = []
  let after: string | undefined
  do {
    const page = await ask<'tree'>('tree', { node, limit: PAGE, after }, signal)
    first ??= page
    entries.push(...page.entries)
    after = page.next ?? undefined
  } while (after !== undefined && entries.length < MOST)
  return { ...first, entries }
}

function useTree(node: string | undefined) {
  const [answer, setAnswer] = useState<Answers['tree']>()
  const [refused, setRefused] = useState('')
  const refresh = useRef<() => void>(() => undefined)
  useEffect(() => {
    const over = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (): Promise<void> => {
      clearTimeout(timer)
      try {
        if (document.visibilityState === 'visible') setAnswer(await wholeTree(node, over.signal))
        setRefused('')
      } catch (error) {
        if (over.signal.aborted) return
        setRefused(error instanceof Refused ? error.message : String(error))
      }
      timer = setTimeout(look, EVERY_MS)
    }
    refresh.current = () => {
      clearTimeout(timer)
      timer = setTimeout(look, 100)
    }
    setAnswer(undefined)
    void look()
    return () => {
      over.abort()
      clearTimeout(timer)
    }
  }, [node])
  return { answer, refused, refresh }
}

interface RowProps {
  readonly entry: Entry
  readonly isClosed: boolean
  readonly isFocused: boolean
  readonly isFlashing: boolean
  readonly onToggle: () => void
}

function Row({ entry, isClosed, isFocused, isFlashing, onToggle }: RowProps) {
  const { depth, id, pid, behaviour, supervisor, mailbox, oldestMs, restarts, status } = entry
  const tone = health(entry)
  return (
    <div
      class={`row ${tone} ${isFlashing ? 'flash' : ''} ${isFocused ? 'focused' : ''}`}
      role="treeitem"
      tabIndex={-1}
      aria-level={depth + 1}
      aria-expanded={supervisor === null ? undefined : !isClosed}
      aria-selected={isFocused}
      style={{ height: `${ROW}px`, paddingInlineStart: `${8 + depth * 18}px` }}
    >
      {supervisor === null ? (
        <span class="twig" aria-hidden="true" />
      ) : (
        <button type="button" class="twig" tabIndex={-1} aria-label={isClosed ? 'open' : 'close'} onClick={onToggle}>
          {isClosed ? '▸' : '▾'}
        </button>
      )}
      <span class={`dot ${tone}`} title={status} />
      {pid === null ? <span>{id}</span> : <a href={linkTo('process', { pid })}>{id}</a>}
      <span class="muted">{behaviour === id ? '' : behaviour}</span>
      {supervisor !== null && (
        <span class="muted">
          {supervisor.strategy} · {count(supervisor.active)} of {count(supervisor.specified)} · budget {supervisor.restartsInPeriod} of{' '}
          {supervisor.maxRestarts} in {duration(supervisor.periodMs)}
        </span>
      )}
      {status !== 'running' && <Badge tone={tone}>{status}</Badge>}
      {mailbox > 0 && (
        <span class="muted">
          {count(mailbox)} waiting, {duration(oldestMs)}
        </span>
      )}
      {restarts > 0 && <span class="muted">{count(restarts)} restarts</span>}
    </div>
  )
}

export function TreeView({ route, members }: { readonly route: Route; readonly members: Answers['cluster']['members'] }) {
  const node = route.parameters.node
  const { answer, refused, refresh } = useTree(node)
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const [focus, setFocus] = useState(0)
  const [flashing, setFlashing] = useState<ReadonlySet<string>>(new Set())
  useFacts(({ type, data, node: from }) => {
    if (type !== 'supervisor.child_restarted' || from !== answer?.of) return
    const { childId, child } = data as { childId?: string; child?: string }
    const id = childId ?? child
    if (id === undefined) return
    setFlashing((now) => new Set(now).add(id))
    setTimeout(() => setFlashing((now) => new Set([...now].filter((one) => one !== id))), FLASH_MS)
    refresh.current()
  })
  const rows = useMemo(() => opened(answer?.entries ?? [], closed), [answer, closed])
  const toggle = useCallback((entry: Entry) => {
    const key = keyOf(entry)
    setClosed((now) => (now.has(key) ? new Set([...now].filter((one) => one !== key)) : new Set(now).add(key)))
  }, [])
  const onKeyDown = (event: KeyboardEvent): void => {
    const entry = rows[focus]
    const isClosed = entry !== undefined && closed.has(keyOf(entry))
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -rows.length, End: rows.length }
    const step = steps[event.key]
    if (step !== undefined) setFocus(Math.max(0, Math.min(rows.length - 1, focus + step)))
    else if (event.key === 'ArrowRight' && entry?.supervisor && isClosed) toggle(entry)
    else if (event.key === 'ArrowLeft' && entry?.supervisor && !isClosed) toggle(entry)
    else if (event.key === 'Enter' && entry?.pid) location.hash = linkTo('process', { pid: entry.pid })
    else return
    event.preventDefault()
  }
  const supervisors = (answer?.entries ?? []).filter(({ supervisor }) => supervisor !== null)
  const tools = (
    <>
      <label>
        Node
        <select value={node ?? answer?.of ?? ''} onChange={(event) => replaceParameters(route, { node: event.currentTarget.value })}>
          {members.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => setClosed(new Set())}>
        Open all
      </button>
      <button type="button" onClick={() => setClosed(new Set(supervisors.filter(({ depth }) => depth > 0).map(keyOf)))}>
        Close all
      </button>
    </>
  )
  return (
    <>
      <h1>Tree</h1>
      <Panel
        title={`Supervision tree${answer === undefined ? '' : ` of ${answer.of}`}`}
        note={`${count(answer?.entries.length ?? 0)} shown`}
        tools={tools}
      >
        {refused !== '' && (
          <p class="problem" role="alert">
            {refused}
          </p>
        )}
        {rows.length === 0 && refused === '' && <Nothing>Asking …</Nothing>}
        <Windowed
          rows={rows}
          rowHeight={ROW}
          role="tree"
          label="Supervision tree: arrow keys move, open and close, Enter shows the process"
          focused={focus}
          onKeyDown={onKeyDown}
          render={(entry, index) => (
            <Row
              key={keyOf(entry)}
              entry={entry}
              isClosed={closed.has(keyOf(entry))}
              isFocused={index === focus}
              isFlashing={flashing.has(entry.id)}
              onToggle={() => toggle(entry)}
            />
          )}
        />
      </Panel>
    </>
  )
}
