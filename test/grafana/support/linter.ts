// Pure. What is wrong with a board: grafana/dashboard-linter's rules, and those of this project on top.
import { ENGINE_METRICS } from '#vocabulary'
import { queryFaults } from './promql-faults.ts'

/** As much of a panel as the rules look at. */
export interface Panel {
  type: string
  title: string
  description?: string
  datasource?: { type: string; uid: string }
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { expr: string; refId: string; datasource?: { uid: string } }[]
  fieldConfig?: { defaults: { unit?: string; links?: { title: string; url: string }[] } }
}

/** As much of a board. */
export interface Board {
  uid: string
  title: string
  editable: boolean
  panels: Panel[]
  links: { title: string; url: string }[]
  annotations: { list: { name: string; expr: string; datasource: { uid: string } }[] }
  templating: { list: { name: string; type: string; label?: string; multi?: boolean; allValue?: string; refresh?: number }[] }
}

/** Panels without rows. */
export const panelsOf = (board: Board): Panel[] => board.panels.filter(({ type }) => type !== 'row')

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana.
const SOURCE = '${datasource}'
/** Servers of the engine are no instances of nodes, and have a job of their own. */
const ofEngine = new RegExp(`^[^{]*\\b(?:${Object.keys(ENGINE_METRICS).join('|')})\\{`)

function* scopeFaults(expr: string): Generator<string> {
  for (const label of ofEngine.test(expr) ? ['cluster'] : ['cluster', 'job', 'instance']) {
    if (!expr.includes(`${label}=~"$${label}"`)) {
      yield `does not keep to the chosen scope: ${expr}`
      return
    }
  }
}

function* panelFaults(panel: Panel): Generator<string> {
  if (panel.title === '') yield 'a panel without a title'
  if (!/\?/.test(panel.description ?? '')) yield `${panel.title}: no description that asks the question`
  if (panel.type === 'alertlist') return
  const { unit, links = [] } = panel.fieldConfig?.defaults ?? {}
  if (unit === undefined) yield `${panel.title}: no unit`
  if (!links.some(({ url }) => url.includes('/observer')) || !links.some(({ url }) => url.includes('/docs/runbooks/'))) {
    yield `${panel.title}: no data link to the observer and to a runbook`
  }
  if (panel.datasource?.uid !== SOURCE || panel.targets?.some(({ datasource }) => datasource?.uid !== SOURCE)) {
    yield `${panel.title}: a fixed data source`
  }
  if ((panel.targets ?? []).length === 0) yield `${panel.title}: no query`
  for (const { expr } of panel.targets ?? []) {
    for (const fault of [...scopeFaults(expr), ...queryFaults(expr, { isBoard: true })]) yield `${panel.title}: ${fault}`
  }
}

function* boardFaults(board: Board): Generator<string> {
  if (board.editable) yield 'can be edited, and the next provisioning would undo it'
  for (const [name, type] of [
    ['datasource', 'datasource'],
    ['cluster', 'query'],
    ['job', 'query'],
    ['instance', 'query'],
    ['observer', 'textbox'],
  ]) {
    const variable = board.templating.list.find((one) => one.name === name && one.type === type)
    const isWhole = type !== 'query' || (variable?.multi && variable.allValue === '.+' && variable.refresh === 2)
    if (variable?.label === undefined || !isWhole) yield `the variable ${name} is missing or not as it should be`
  }
  for (const name of ['Deploys', 'Joins', 'Leaves', 'Storms']) {
    if (!board.annotations.list.some((one) => one.name === name && one.datasource.uid === SOURCE)) yield `no annotation of ${name}`
  }
  for (const title of ['Observer', 'Runbooks', 'Boards']) {
    if (!board.links.some((link) => link.title === title)) yield `no link ${title}`
  }
  if (!board.panels.some(({ type }) => type === 'alertlist')) yield 'no list of alerts'
  const overlap = (a: Panel['gridPos'], b: Panel['gridPos']) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
  for (const [index, { gridPos, title }] of board.panels.entries()) {
    const isOut = gridPos.x + gridPos.w > 24
    if (isOut || board.panels.slice(index + 1).some((other) => overlap(gridPos, other.gridPos))) yield `${title}: no room for it`
  }
}

/** Every fault in words; none for a good board. */
export const faults = (board: Board): string[] => [...boardFaults(board), ...panelsOf(board).flatMap((panel) => [...panelFaults(panel)])]
