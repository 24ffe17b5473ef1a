// The cluster: its nodes, how they load, how they see each other, and what goes over their links.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Answers } from '#answers'
import { ask, manage } from '../net/ask.ts'
import type { History } from '../net/history.ts'
import type { Polled } from '../net/polled.ts'
import { Action, useManage } from '../parts/abilities.tsx'
import { Chart } from '../parts/chart.tsx'
import { bytes, count, duration, rate, share } from '../parts/format.ts'
import { LinkRing } from '../parts/link-ring.tsx'
import { Badge, Figure, Gaps, Nothing, Panel } from '../parts/panel.tsx'
import type { Tone } from '../parts/tone.ts'
import { linkTo } from '../routes.ts'

type Cluster = Answers['cluster']
type Member = Cluster['members'][number]

const TONES: Readonly<Record<Member['status'], Tone>> = { up: 'good', suspect: 'warn', leaving: 'warn', down: 'bad', left: 'plain' }

const LEASES: Readonly<Record<'held' | 'degraded' | 'lost', Tone>> = { held: 'plain', degraded: 'warn', lost: 'bad' }

/** How old the lease of the arbiter is, of what it may come to; nothing of a node that has none. */
function Lease({ load: { arbiter } }: { readonly load: NonNullable<Member['load']> }) {
  // A node of an older version says nothing of it.
  if (arbiter === null || arbiter === undefined) return null
  const age = arbiter.state === 'lost' ? 'lost' : `${duration(arbiter.leaseAgeMs)} of ${duration(arbiter.limitMs)}`
  return <Figure label={`lease of ${arbiter.name}`} value={age} tone={LEASES[arbiter.state]} />
}

function NodeCard({ member }: { readonly member: Member }) {
  const { name, incarnation, status, load, processes, names } = member
  const manages = useManage()
  return (
    <article class="node" aria-label={`Node ${name}`}>
      <header>
        <h2>{name}</h2>
        <Badge tone={TONES[status]}>{load?.draining ? 'draining' : status}</Badge>
        {load?.arbiter?.mayOwn === false && <Badge tone="bad">may own nothing</Badge>}
        <span class="muted">{load === null ? incarnation : `${load.version}${load.zone === '' ? '' : ` · ${load.zone}`}`}</span>
      </header>
      {load === null ? (
        <Nothing>It does not answer.</Nothing>
      ) : (
        <dl>
          <Figure label="processes" value={count(processes ?? 0)} />
          <Figure label="names" value={count(names ?? 0)} />
          <Figure label="loop busy" value={share(load.eventLoopUtilisation)} tone={load.eventLoopUtilisation > 0.9 ? 'bad' : 'plain'} />
          <Figure label="memory" value={bytes(load.rssBytes)} />
          <Figure label="oldest message" value={duration(load.oldestMessageMs)} tone={load.oldestMessageMs > 1000 ? 'warn' : 'plain'} />
          <Figure label="restarts" value={count(load.restarts)} />
          <Figure label="moving in, out" value={`${load.handoffs.in}, ${load.handoffs.out}`} />
          <Lease load={load} />
          <Figure label="up for" value={duration(load.uptimeMs)} />
        </dl>
      )}
      <footer>
        <a href={linkTo('tree', { node: name })}>Tree</a>
        <a href={linkTo('processes', { node: name })}>Processes</a>
        <a href={linkTo('events', { node: name })}>Events</a>
        {manages?.drain && status === 'up' && (
          <Action
            label="Drain"
            confirm={`Move everything off ${name}?`}
            run={() => manage(`nodes/${encodeURIComponent(name)}/drain`, {})}
          />
        )}
      </footer>
    </article>
  )
}

function Views({ cluster }: { readonly cluster: Cluster }) {
  const names = cluster.members.map(({ name }) => name)
  return (
    <Panel title="How each node sees the others" note={cluster.agree ? 'all agree' : 'they do not agree'}>
      <div class="scroll">
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col">seen by</th>
              {names.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cluster.views.map(({ node, sees }) => (
              <tr key={node}>
                <th scope="row">{node}</th>
                {names.map((name) => {
                  const status = sees[name]
                  return (
                    <td key={name}>
                      {status === undefined ? <Badge tone="bad">unknown</Badge> : <Badge tone={TONES[status]}>{status}</Badge>}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

export type Linked = Answers['node']['of']

const LINKS_EVERY_MS = 2000
/** Until it is known who there is to ask. */
const LINKS_SOON_MS = 200

/** What each node says of its links, asked less often than the rest; who does not answer now is asked again then. */
function useLinked(names: readonly string[]): readonly Linked[] {
  const [linked, setLinked] = useState<readonly Linked[]>([])
  const wanted = useRef(names)
  wanted.current = names
  useEffect(() => {
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (): Promise<void> => {
      const asked = document.visibilityState === 'visible' ? wanted.current : []
      const answers = await Promise.allSettled(asked.map((name) => ask<'node'>(`nodes/${encodeURIComponent(name)}`)))
      if (isOver) return
      const heard = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value.of] : []))
      if (heard.length > 0) setLinked(heard)
      timer = setTimeout(() => void look(), heard.length > 0 ? LINKS_EVERY_MS : LINKS_SOON_MS)
    }
    void look()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [])
  return linked
}

export function ClusterView({ polled, history }: { readonly polled: Polled<Cluster>; readonly history: History }) {
  const cluster = polled.answer
  const present = (cluster?.members ?? []).filter(({ status }) => status !== 'left')
  const linked = useLinked(present.filter(({ load }) => load !== null).map(({ name }) => name))
  return (
    <>
      <h1>Cluster</h1>
      <Gaps polled={polled} />
      <div class="nodes">
        {present.map((member) => (
          <NodeCard key={member.name} member={member} />
        ))}
      </div>
      <div class="charts">
        <Panel title="Restarts a second">
          <Chart title="Restarts a second" history={history} of="restarts" format={rate} />
        </Panel>
        <Panel title="Calls a second">
          <Chart title="Calls a second" history={history} of="calls" format={rate} />
        </Panel>
        <Panel title="Oldest message">
          <Chart title="Age of the oldest message" history={history} of="oldestMs" format={duration} />
        </Panel>
        <Panel title="Event loop busy">
          <Chart title="Share of time the event loop is busy" history={history} of="busy" format={share} />
        </Panel>
      </div>
      {cluster !== undefined && (
        <div class="pair">
          <Views cluster={cluster} />
          <Panel title="Links" note="thicker: more bytes">
            <LinkRing members={present} linked={linked} />
          </Panel>
        </div>
      )}
    </>
  )
}
