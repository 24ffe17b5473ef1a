// Restarts: a lane of time for each supervisor, so that a storm is seen at a glance; crashes in groups; and what is in quarantine.
import { useState } from 'preact/hooks'
import type { Answers } from '#answers'
import { manage } from '../net/ask.ts'
import { type Fact, useFacts } from '../net/facts.ts'
import { usePolled } from '../net/polled.ts'
import { Action, TraceLink, useManage } from '../parts/abilities.tsx'
import { clock, count, share } from '../parts/format.ts'
import { useHeldOrder } from '../parts/held-order.ts'
import { type Dot, Lane, WINDOW_MS } from '../parts/lane.tsx'
import { List } from '../parts/list.tsx'
import { Badge, Gaps, Nothing, Panel } from '../parts/panel.tsx'
import { linkTo } from '../routes.ts'

type Supervisor = Answers['supervisors']['supervisors'][number]

/** More dots than these do not make a storm plainer. */
const DOTS = 2000

const keyOf = ({ node, supervisor }: Pick<Supervisor, 'node' | 'supervisor'>): string => `${node} ${supervisor}`

/** Restarts as the stream tells them, younger than the window. */
function useLiveDots(): ReadonlyMap<string, readonly Dot[]> {
  const [dots, setDots] = useState<ReadonlyMap<string, readonly Dot[]>>(new Map())
  useFacts(({ type, node, at, data }: Fact) => {
    if (type !== 'supervisor.child_restarted') return
    const { supervisor, cause, restartId } = data as { supervisor: string; cause: string; restartId: string }
    const key = keyOf({ node, supervisor })
    setDots((before) =>
      new Map(before).set(key, [...(before.get(key) ?? []), { id: `${restartId} ${at}`, at: Date.parse(at), cause }].slice(-DOTS)),
    )
  })
  return dots
}

function dotsOf({ recent }: Supervisor, live: readonly Dot[]): Dot[] {
  const since = live[0]?.at ?? Number.POSITIVE_INFINITY
  const earlier = recent
    .map(({ at, cause, restartId }) => ({ id: `${restartId} ${at}`, at: Date.parse(at), cause }))
    .filter(({ at }) => at < since)
  return [...earlier, ...live].filter(({ at }) => at > Date.now() - WINDOW_MS)
}

function Lanes({ supervisors }: { readonly supervisors: readonly Supervisor[] }) {
  const live = useLiveDots()
  const lanes = supervisors
    .map((supervisor) => ({ supervisor, dots: dotsOf(supervisor, live.get(keyOf(supervisor)) ?? []) }))
    .filter(({ dots, supervisor }) => dots.length > 0 || supervisor.restartsInPeriod > 0)
    .toSorted((a, b) => b.dots.length - a.dots.length)
  if (lanes.length === 0) return <Nothing>No supervisor has restarted a child in the last ten minutes.</Nothing>
  return (
    <ul class="lanes">
      {lanes.map(({ supervisor, dots }) => (
        <li key={keyOf(supervisor)}>
          <span class="name">
            <a href={linkTo('processes', { supervisor: supervisor.supervisor, node: supervisor.node })}>{supervisor.supervisor}</a>
            <span class="muted"> {supervisor.node}</span>
          </span>
          <Lane label={`${supervisor.supervisor} on ${supervisor.node}: ${dots.length} restarts in ten minutes`} dots={dots} />
          <span class="number">
            {count(dots.length)} <span class="muted">budget {share(supervisor.budgetUsed)}</span>
          </span>
        </li>
      ))}
    </ul>
  )
}

function Chain({ supervisors }: { readonly supervisors: readonly Supervisor[] }) {
  const recent = supervisors
    .flatMap((supervisor) => supervisor.recent.map((restart) => ({ ...restart, node: supervisor.node, supervisor: supervisor.supervisor })))
    .toSorted((a, b) => b.at.localeCompare(a.at))
    .slice(0, 100)
  const { rows, hands } = useHeldOrder(recent, ({ newPid }) => newPid, 'restarts')
  if (rows.length === 0) return <Nothing>None yet.</Nothing>
  return (
    <List
      label="Last restarts"
      body={hands}
      titles={['At', 'Child', 'Supervisor', 'Cause', 'Because', { number: 'Budget' }, { number: 'Took' }, 'Trace']}
    >
      {rows.map((restart) => (
        <tr key={`${restart.newPid}`}>
          <td>{clock(restart.at)}</td>
          <th scope="row">
            <a href={linkTo('process', { pid: restart.newPid })}>{restart.child}</a>
          </th>
          <td>
            {restart.supervisor} <span class="muted">{restart.node}</span>
          </td>
          <td>
            <Badge tone={restart.cause === 'crash' ? 'bad' : 'plain'}>{restart.cause}</Badge>
          </td>
          <td>{restart.reason ?? '–'}</td>
          <td class="number">{share(restart.budgetUsed)}</td>
          <td class="number">{restart.durationMs.toFixed(1)} ms</td>
          <td>
            <TraceLink trace={restart.trace} />
          </td>
        </tr>
      ))}
    </List>
  )
}

function Groups({ groups }: { readonly groups: Answers['crashes']['groups'] }) {
  if (groups.length === 0) return <Nothing>Nothing has crashed.</Nothing>
  return (
    <ul class="groups">
      {groups.map(({ fingerprint, behaviour, error, frame, count: times, first, last, nodes, versions, sample }) => (
        <li key={fingerprint}>
          <details>
            <summary>
              <span class="times">{count(times)}×</span> <strong>{behaviour}</strong> {error}{' '}
              <span class="muted">
                {frame} · last {clock(last)}
              </span>
            </summary>
            <p class="muted">
              first {clock(first)} · on {nodes.join(', ')} · version {versions.join(', ')} · trace <TraceLink trace={sample.trace} />
            </p>
            <p>
              The last was {sample.child ?? sample.pid} under {sample.supervisor ?? 'no supervisor'}, while handling{' '}
              <code>{sample.handling ?? 'nothing'}</code>. Before:{' '}
              {sample.flight.map(({ kind, name }) => `${kind} ${name}`).join(', ') || 'no message'}.
            </p>
            {sample.stack !== null && <pre>{sample.stack}</pre>}
          </details>
        </li>
      ))}
    </ul>
  )
}

function Quarantine() {
  const polled = usePolled<'quarantine'>('quarantine', {}, 2000)
  const manages = useManage()
  const quarantined = polled.answer?.quarantined ?? []
  return (
    <Panel title="Quarantine" note="children that failed on every node">
      <Gaps polled={polled} />
      {quarantined.length === 0 ? (
        <Nothing>Empty.</Nothing>
      ) : (
        <ul class="groups">
          {quarantined.map(({ name, behaviour, at, reason, attempts, nodes }) => (
            <li key={name}>
              <strong>{name}</strong> {behaviour}: {reason}{' '}
              <span class="muted">
                since {clock(at)}, {attempts} attempts on {nodes.join(', ')}
              </span>
              {manages?.isOn && <Action label="Release" run={() => manage(`quarantine/${encodeURIComponent(name)}/release`)} />}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

export function RestartsView() {
  const supervisors = usePolled<'supervisors'>('supervisors', { limit: 1000 }, 1000)
  const crashes = usePolled<'crashes'>('crashes', { limit: 50 }, 2000)
  const all = supervisors.answer?.supervisors ?? []
  return (
    <>
      <h1>Restarts</h1>
      <Panel title="Restarts by supervisor" note="the last ten minutes; the most first">
        <Gaps polled={supervisors} />
        <Lanes supervisors={all} />
      </Panel>
      <Panel title="Crashes, in groups" note="same behaviour, same error, same place">
        <Gaps polled={crashes} />
        <Groups groups={crashes.answer?.groups ?? []} />
      </Panel>
      <Panel title="Last restarts">
        <Chain supervisors={all} />
      </Panel>
      <Quarantine />
    </>
  )
}
