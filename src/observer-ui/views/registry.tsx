// The names of the cluster, who owns them, and where two claims met.
import { useState } from 'preact/hooks'
import { usePolled } from '../net/polled.ts'
import { clock, duration } from '../parts/format.ts'
import { List } from '../parts/list.tsx'
import { Gaps, Nothing, Panel } from '../parts/panel.tsx'
import { linkTo, type Route, replaceParameters } from '../routes.ts'

const PAGE = 100

export function RegistryView({ route }: { readonly route: Route }) {
  const { prefix = '' } = route.parameters
  /** The names after which the pages begin that were turned so far. */
  const [turned, setTurned] = useState<readonly string[]>([])
  const polled = usePolled<'registry'>('registry', { prefix, limit: PAGE, after: turned.at(-1) })
  const conflicts = usePolled<'conflicts'>('conflicts', {}, 2000)
  const names = polled.answer?.names ?? []
  const next = polled.answer?.next ?? null
  const search = (event: { readonly currentTarget: HTMLInputElement }): void => {
    setTurned([])
    replaceParameters(route, { prefix: event.currentTarget.value })
  }
  const tools = (
    <>
      <label>
        Begins with
        <input type="search" value={prefix} onInput={search} />
      </label>
      <button type="button" disabled={turned.length === 0} onClick={() => setTurned(turned.slice(0, -1))}>
        Back
      </button>
      <button type="button" disabled={next === null} onClick={() => setTurned([...turned, next as string])}>
        Next
      </button>
    </>
  )
  return (
    <>
      <h1>Registry</h1>
      <Panel title="Names" note={`page ${turned.length + 1}`} tools={tools}>
        <Gaps polled={polled} />
        {polled.answer !== undefined && names.length === 0 && <Nothing>No name begins like that.</Nothing>}
        <List
          label="Names"
          titles={['Name', 'Owner', 'Process', 'Behaviour', { number: 'Epoch' }, { number: 'For' }, 'Started by']}
          size="tall"
        >
          {names.map(({ name, node, pid, behaviour, epoch, ageMs, supervised }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{node}</td>
              <td>
                <a href={linkTo('process', { pid })}>{pid}</a>
              </td>
              <td>{behaviour}</td>
              <td class="number">{epoch}</td>
              <td class="number">{duration(ageMs)}</td>
              <td>{supervised ? 'the cluster' : 'itself'}</td>
            </tr>
          ))}
        </List>
      </Panel>
      <Panel title="Conflicts" note="the last 100 of each node">
        <Gaps polled={conflicts} />
        {(conflicts.answer?.conflicts ?? []).length === 0 ? (
          <Nothing>No two claims of one name have met.</Nothing>
        ) : (
          <List label="Conflicts" titles={['At', 'Name', 'Won', 'Lost', 'On', 'What it did']}>
            {conflicts.answer?.conflicts.map(({ node, at, name, winner, loser, resolution }) => (
              <tr key={`${node} ${at} ${name}`}>
                <td>{clock(at)}</td>
                <th scope="row">{name}</th>
                <td>
                  {winner.pid}, epoch {winner.epoch}
                </td>
                <td>
                  {loser.pid}, epoch {loser.epoch}
                </td>
                <td>{node}</td>
                <td>{resolution}</td>
              </tr>
            ))}
          </List>
        )}
      </Panel>
    </>
  )
}
