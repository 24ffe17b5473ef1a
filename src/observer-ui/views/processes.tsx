// The processes of all nodes, ordered by what one looks for; each leads to its own page.
import type { Answers } from '#answers'
import { usePolled } from '../net/polled.ts'
import { bytes, count, duration, nodeOf, rate } from '../parts/format.ts'
import { useHeldOrder } from '../parts/held-order.ts'
import { List } from '../parts/list.tsx'
import { Badge, Gaps, Nothing, Panel } from '../parts/panel.tsx'
import { linkTo, type Route, replaceParameters } from '../routes.ts'

type Row = Answers['processes']['processes'][number]
type Order = 'mailbox' | 'oldest' | 'rate' | 'handled' | 'busy' | 'restarts' | 'age'

interface Column {
  readonly title: string
  readonly order?: Order
  /** It stands to the right, though nothing is ordered by it. */
  readonly isNumber?: true
  readonly of: (row: Row) => string
}

const COLUMNS: readonly Column[] = [
  { title: 'Node', of: ({ pid }) => nodeOf(pid) },
  { title: 'Behaviour', of: ({ behaviour }) => behaviour },
  { title: 'Supervisor', of: ({ supervisor }) => supervisor ?? '–' },
  { title: 'Waiting', order: 'mailbox', of: ({ mailbox }) => count(mailbox) },
  { title: 'Oldest', order: 'oldest', of: ({ oldestMs }) => duration(oldestMs) },
  { title: 'A second', order: 'rate', of: ({ perSecond }) => (perSecond === null ? '–' : rate(perSecond)) },
  { title: 'Handled', order: 'handled', of: ({ handled }) => count(handled) },
  {
    title: 'Handling',
    order: 'busy',
    of: ({ handling, handlingMs }) => (handling === null ? '–' : `${handling}, ${duration(handlingMs)}`),
  },
  { title: 'Restarts', order: 'restarts', of: ({ restarts }) => count(restarts) },
  { title: 'Age', order: 'age', of: ({ ageMs }) => duration(ageMs) },
]

/** Shown where that is asked for: to know it is work for every process on the page. It stands behind what a process is, where nothing scrolls it away. */
const BEFORE_STATE = 3
const STATE: Column = { title: 'State', isNumber: true, of: ({ stateBytes }) => (stateBytes === null ? '–' : bytes(stateBytes)) }

const classOf = ({ order, isNumber }: Column) => (order === undefined && isNumber === undefined ? undefined : 'number')
const NONE: readonly Row[] = []
const pidOf = ({ pid }: Row): string => pid
const titleOf = ({ name, label, child, pid }: Row): string => name ?? child ?? label ?? pid

export function ProcessesView({ route, members }: { readonly route: Route; readonly members: Answers['cluster']['members'] }) {
  const { sort = 'mailbox', behaviour = '', supervisor = '', node = '', name = '', sizes = '' } = route.parameters
  const hasSizes = sizes !== ''
  const columns = hasSizes ? COLUMNS.toSpliced(BEFORE_STATE, 0, STATE) : COLUMNS
  const stateBytes = hasSizes ? 'true' : ''
  const question = { sort, behaviour, supervisor, node, name }
  const polled = usePolled<'processes'>('processes', { ...question, stateBytes, limit: 100 })
  const answered = polled.answer?.processes ?? NONE
  const { rows, isHeld, hands } = useHeldOrder(answered, pidOf, JSON.stringify(question))
  const set = (more: Readonly<Record<string, string>>): void => replaceParameters(route, { ...route.parameters, ...more })
  const filter = (field: 'behaviour' | 'supervisor' | 'name', title: string, value: string) => (
    <label>
      {title}
      <input type="search" value={value} onInput={(event) => set({ [field]: event.currentTarget.value })} />
    </label>
  )
  const tools = (
    <>
      {filter('name', 'Name', name)}
      {filter('behaviour', 'Behaviour', behaviour)}
      {filter('supervisor', 'Supervisor', supervisor)}
      <label>
        Node
        <select value={node} onChange={(event) => set({ node: event.currentTarget.value })}>
          <option value="">all</option>
          {members.map((member) => (
            <option key={member.name} value={member.name}>
              {member.name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <input type="checkbox" checked={hasSizes} onChange={(event) => set({ sizes: event.currentTarget.checked ? 'shown' : '' })} />
        Size of states
      </label>
    </>
  )
  const order = isHeld ? ', in their order while you point at them' : ''
  const note = polled.answer === undefined ? 'asking …' : `the first ${count(answered.length)} of ${count(polled.answer.matching)}${order}`
  const heads = (
    <>
      <th scope="col">Process</th>
      {columns.map((column) => {
        const { title, order } = column
        return (
          <th
            key={title}
            scope="col"
            class={classOf(column)}
            aria-sort={order === undefined ? undefined : order === sort ? 'descending' : 'none'}
          >
            {order === undefined ? (
              title
            ) : (
              <button type="button" class="quiet" onClick={() => set({ sort: order })}>
                {title}
                {order === sort ? ' ▾' : ''}
              </button>
            )}
          </th>
        )
      })}
    </>
  )
  return (
    <>
      <h1>Processes</h1>
      <Panel title="Processes" note={note} tools={tools}>
        <Gaps polled={polled} />
        {polled.answer !== undefined && rows.length === 0 && <Nothing>No process is like that.</Nothing>}
        <List label="Processes" size="tall" titles={heads} body={hands}>
          {rows.map((row) => (
            <tr key={row.pid}>
              <th scope="row">
                <a href={linkTo('process', { pid: row.pid })} title={row.pid}>
                  {titleOf(row)}
                </a>
                {row.status === 'suspended' && <Badge tone="warn">suspended</Badge>}
              </th>
              {columns.map((column) => (
                <td key={column.title} class={classOf(column)}>
                  {column.of(row)}
                </td>
              ))}
            </tr>
          ))}
        </List>
      </Panel>
    </>
  )
}
