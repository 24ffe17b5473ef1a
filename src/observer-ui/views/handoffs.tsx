// Moves between nodes as they happen, with their phases; takeovers after a death; and where everything is placed.
import type { Answers } from '#answers'
import { usePolled } from '../net/polled.ts'
import { TraceLink } from '../parts/abilities.tsx'
import { bytes, clock, count, duration } from '../parts/format.ts'
import { List } from '../parts/list.tsx'
import { Badge, Figure, Gaps, Nothing, Panel } from '../parts/panel.tsx'

type Ended = Answers['handoffs']['ended'][number]

/** Of those under way so many are listed; how many there are stands beside the title. */
const SHOWN = 100
const PHASES = ['prepare', 'transfer', 'activate', 'forward'] as const

/** The phases as a bar: how wide each is, is how long it took. */
function Phases({ phases, durationMs }: Pick<Ended, 'phases' | 'durationMs'>) {
  const spoken = PHASES.flatMap((phase) => (phases[phase] === undefined ? [] : [`${phase} ${duration(phases[phase])}`])).join(', ')
  return (
    <span class="phases" role="img" aria-label={spoken} title={spoken}>
      {PHASES.map((phase) => (
        <span key={phase} class={phase} style={{ flexGrow: String((phases[phase] ?? 0) / Math.max(durationMs, 0.001)) }} />
      ))}
    </span>
  )
}

function Under({ answer }: { readonly answer: Answers['handoffs'] }) {
  if (answer.underWay.length === 0) return <Nothing>Nothing moves.</Nothing>
  return (
    <List
      label="Handoffs under way"
      titles={['Name', 'From, to', 'Behaviour', 'Why', 'Phase', { number: 'In it' }, { number: 'In all' }, { number: 'State there' }]}
    >
      {answer.underWay.slice(0, SHOWN).map(({ handoffId, name, from, to, behaviour, reason, direction, phase, ...one }) => (
        <tr key={handoffId}>
          <th scope="row">{name}</th>
          <td>
            {from} → {to} {direction === 'in' && <span class="muted">as {to} says</span>}
          </td>
          <td>{behaviour}</td>
          <td>{reason ?? '–'}</td>
          <td>
            <span class={`phase ${phase}`}>{phase}</span>
          </td>
          <td class="number">{duration(one.phaseMs)}</td>
          <td class="number">{duration(one.forMs)}</td>
          <td class="number">{one.bytes === null ? '–' : `${bytes(one.arrivedBytes)} of ${bytes(one.bytes)}`}</td>
        </tr>
      ))}
    </List>
  )
}

function EndedTable({ ended }: { readonly ended: readonly Ended[] }) {
  if (ended.length === 0) return <Nothing>Nothing has moved yet.</Nothing>
  return (
    <List
      label="Ended handoffs"
      titles={[
        'Began',
        'Name',
        'From, to',
        'Why',
        'Outcome',
        'Phases',
        { number: 'Took' },
        { number: 'Away' },
        { number: 'State' },
        { number: 'Sent after it' },
        'Trace',
      ]}
    >
      {ended.map((one) => (
        <tr key={one.handoffId}>
          <td>{clock(one.startedAt)}</td>
          <th scope="row">{one.name}</th>
          <td>
            {one.from} → {one.to}
          </td>
          <td>{one.reason}</td>
          <td>
            <Badge tone={one.outcome === 'completed' ? 'good' : 'warn'}>{one.outcome}</Badge> <span class="muted">{one.because}</span>
          </td>
          <td>
            <Phases phases={one.phases} durationMs={one.durationMs} />
          </td>
          <td class="number">{duration(one.durationMs)}</td>
          <td class="number">{duration(one.unavailabilityMs)}</td>
          <td class="number">{bytes(one.bytes)}</td>
          <td class="number">{count(one.forwarded)}</td>
          <td>
            <TraceLink trace={one.trace} />
          </td>
        </tr>
      ))}
    </List>
  )
}

function Takeovers() {
  const polled = usePolled<'takeovers'>('takeovers', {}, 2000)
  const takeovers = polled.answer?.takeovers ?? []
  return (
    <Panel title="Takeovers" note="children of nodes that went, started here and there">
      <Gaps polled={polled} />
      {takeovers.length === 0 ? (
        <Nothing>None: no node was lost.</Nothing>
      ) : (
        <List label="Takeovers" titles={['Began', 'Name', 'From', 'By', 'Outcome', { number: 'Took' }]}>
          {takeovers.map(({ node, name, from, startedAt, outcome, durationMs, epoch }) => (
            <tr key={`${node} ${name} ${epoch} ${startedAt}`}>
              <td>{clock(startedAt)}</td>
              <th scope="row">{name}</th>
              <td>{from}</td>
              <td>{node}</td>
              <td>
                <Badge tone={outcome === 'started' ? 'good' : 'warn'}>{outcome}</Badge>
              </td>
              <td class="number">{duration(durationMs)}</td>
            </tr>
          ))}
        </List>
      )}
    </Panel>
  )
}

function Placement() {
  const polled = usePolled<'placement'>('placement', {}, 1000)
  const { answer } = polled
  const most = Math.max(1, ...(answer?.nodes ?? []).map(({ names }) => names))
  return (
    <Panel title="Where names live">
      <Gaps polled={polled} />
      {answer !== undefined && (
        <>
          <dl class="figures">
            <Figure label="fullest over the mean" value={answer.imbalance.toFixed(2)} tone={answer.imbalance > 1.5 ? 'warn' : 'plain'} />
            <Figure label="without a node" value={count(answer.unplaced)} tone={answer.unplaced > 0 ? 'bad' : 'plain'} />
          </dl>
          <ul class="bars">
            {answer.nodes.map(({ node, names, isCandidate }) => (
              <li key={node}>
                <span class="name">{node}</span>
                <span class="bar">
                  <span class={isCandidate ? 'takes' : 'gives'} style={{ width: `${(names / most) * 100}%` }} />
                </span>
                <span class="number">{count(names)}</span>
                {!isCandidate && <Badge tone="warn">is given nothing</Badge>}
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  )
}

export function HandoffsView() {
  const polled = usePolled<'handoffs'>('handoffs', {}, 500)
  const { answer } = polled
  return (
    <>
      <h1>Handoffs</h1>
      <Placement />
      <Panel title="Under way" note={answer === undefined ? 'asking …' : count(answer.underWayCount)}>
        <Gaps polled={polled} />
        {answer !== undefined && <Under answer={answer} />}
      </Panel>
      <Panel title="Ended" note="prepare, transfer, activate, forward">
        {answer !== undefined && <EndedTable ended={answer.ended} />}
      </Panel>
      <Takeovers />
    </>
  )
}
