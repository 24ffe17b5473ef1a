// Pure. A look as lines of a terminal: nodes, top processes, last restarts, last events, as many of each as there is room for.
import { stripVTControlCharacters, styleText } from 'node:util'
import type { Order } from './args.ts'
import type { Look } from './look.ts'

interface Size {
  readonly columns: number
  readonly rows: number
}

type Style = Parameters<typeof styleText>[0]

const paint = (style: Style, text: string): string => styleText(style, text, { validateStream: false })
/** What comes from processes is text, whatever it holds. */
const clean = (text: string): string => stripVTControlCharacters(text).replaceAll(/\p{Cc}/gu, ' ')

function duration(ms: number): string {
  if (ms < 1000) return `${ms.toFixed(0)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`
  return ms < 86_400_000 ? `${Math.floor(ms / 3_600_000)} h` : `${Math.floor(ms / 86_400_000)} d`
}

const timeOf = (iso: string): string => iso.slice(11, 23)
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`

/** Columns as wide as their widest cell; those whose title begins with a space stand to the right. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = titles.map((title, column) => Math.max(title.trim().length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] as number
        return titles[column]?.startsWith(' ') ? cell.trim().padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [line(titles), ...rows.map(line)]
}

type Load = NonNullable<Look['cluster']['members'][number]['load']>

/** A node of an older version says nothing of an arbiter. */
function leaseOf({ arbiter }: Load): string {
  if (arbiter === null || arbiter === undefined) return '-'
  return `${arbiter.state} ${duration(arbiter.leaseAgeMs)}/${duration(arbiter.limitMs)}`
}

function nodes({ cluster }: Look): string[] {
  const hasLeases = cluster.members.some(({ load }) => load?.arbiter?.name !== undefined)
  const rows = cluster.members
    .filter(({ status }) => status !== 'left')
    .map(({ name, status, processes, names, load }) =>
      load === null
        ? [name, `${status}, no answer`]
        : [
            name,
            load.draining ? 'draining' : status,
            String(processes ?? 0),
            String(names ?? 0),
            `${(load.eventLoopUtilisation * 100).toFixed(0)} %`,
            mebibytes(load.rssBytes),
            duration(load.oldestMessageMs),
            String(load.restarts),
            String(load.takeovers),
            `${load.handoffs.in}/${load.handoffs.out}`,
            load.version,
            ...(hasLeases ? [leaseOf(load)] : []),
          ],
    )
  const titles = ['NODE', 'STATUS', ' PROCESSES', ' NAMES', ' BUSY', ' MEMORY', ' OLDEST', ' RESTARTS', ' TAKEOVERS', ' IN/OUT', 'VERSION']
  return table(hasLeases ? [...titles, 'LEASE'] : titles, rows)
}

function processes({ processes: { processes: rows } }: Look, most: number): string[] {
  const titles = ['PROCESS', 'NODE', 'BEHAVIOUR', ' WAITING', ' OLDEST', ' A SECOND', ' HANDLED', 'HANDLING', ' RESTARTS', ' AGE']
  return table(
    titles,
    rows
      .slice(0, most)
      .map((row) => [
        clean(row.name ?? row.child ?? row.label ?? row.pid).slice(0, 32),
        row.node,
        clean(row.behaviour).slice(0, 20),
        String(row.mailbox),
        duration(row.oldestMs),
        row.perSecond === null ? '-' : row.perSecond.toFixed(1),
        String(row.handled),
        row.handling === null ? '-' : clean(row.handling).slice(0, 20),
        String(row.restarts),
        duration(row.ageMs),
      ]),
  )
}

function restarts({ supervisors: { supervisors } }: Look, most: number): string[] {
  const last = supervisors
    .flatMap(({ node, supervisor, recent }) => recent.map((restart) => ({ ...restart, node, supervisor })))
    .toSorted((a, b) => b.at.localeCompare(a.at))
    .slice(0, most)
  return last.map(({ at, node, supervisor, child, cause, reason, budgetUsed }) => {
    const text = `${timeOf(at)}  ${node}  ${supervisor}/${child}  ${cause}  ${reason ?? ''}  budget ${(budgetUsed * 100).toFixed(0)} %`
    return cause === 'crash' ? paint('red', clean(text)) : clean(text)
  })
}

function events({ events: { events: all } }: Look, most: number): string[] {
  return all
    .slice(-most)
    .toReversed()
    .map(({ at, node, type, data }) => `${timeOf(at)}  ${node}  ${type}  ${clean(JSON.stringify(data))}`)
}

/** The visible length is cut; colours are closed where they were open. */
function cut(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line)
  if (plain.length <= columns) return line
  return line === plain ? `${plain.slice(0, columns - 1)}…` : paint('red', `${plain.slice(0, columns - 1)}…`)
}

/** A line that says whether all is well, first; red where it is not. */
export function headline({ cluster, processes: { missing } }: Look): string {
  const up = cluster.members.filter(({ status }) => status === 'up').length
  const expected = cluster.expected ?? cluster.members.filter(({ status }) => status !== 'left').length
  const idle = cluster.members.filter(({ load }) => load?.arbiter?.mayOwn === false).map(({ name }) => name)
  const faults = [
    ...(up < expected ? [`${expected - up} missing`] : []),
    ...(cluster.agree ? [] : ['views differ']),
    ...(cluster.hasQuorum ? [] : ['no quorum']),
    ...(idle.length === 0 ? [] : [`no lease on ${idle.join(', ')}`]),
    ...(missing.length === 0 ? [] : [`no answer from ${missing.map(({ node }) => node).join(', ')}`]),
  ]
  const text = `${up} of ${expected} nodes up${faults.length === 0 ? '' : `: ${faults.join(', ')}`}`
  return `${paint(['bold', faults.length === 0 ? 'green' : 'red'], text)}  as ${cluster.node} sees it, ${timeOf(cluster.collectedAt)}`
}

/** At most `rows` lines, none longer than `columns`. */
export function render(look: Look, sort: Order, { columns, rows }: Size): string[] {
  const title = (text: string): string => paint(['bold', 'cyan'], text)
  const head = [headline(look), '', ...nodes(look)]
  /** Three titles, three empty lines, and the titles of a table. */
  const left = Math.max(6, rows - head.length - 7)
  const [most, some] = [Math.ceil(left / 2), Math.floor(left / 4)]
  const lines = [
    ...head,
    '',
    title(`Processes by ${sort}`),
    ...processes(look, most),
    '',
    title('Last restarts'),
    ...restarts(look, some),
    '',
    title('Last events'),
    ...events(look, left - most - some),
  ]
  return lines.slice(0, rows).map((line) => cut(line, columns))
}
