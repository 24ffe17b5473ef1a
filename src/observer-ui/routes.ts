// Which view is shown: the address says it, so that it can be sent to somebody.
import { useEffect, useState } from 'preact/hooks'

/** Views by their keys, in the order of the menu. */
export const VIEWS = {
  cluster: 'Cluster',
  tree: 'Tree',
  processes: 'Processes',
  registry: 'Registry',
  restarts: 'Restarts',
  handoffs: 'Handoffs',
  events: 'Events',
} as const

export type View = keyof typeof VIEWS | 'process'

export interface Route {
  readonly view: View
  /** The process that is shown. */
  readonly pid: string | undefined
  readonly parameters: Readonly<Record<string, string>>
}

/** Pure. `#/processes?behaviour=lot`, `#/process/n1.lq3f9a.42`; anything else is the cluster. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [view = '', pid] = path.split('/')
  const parameters = Object.fromEntries(new URLSearchParams(query))
  if (view === 'process' && pid !== undefined && pid !== '') return { view, pid: decodeURIComponent(pid), parameters }
  return { view: view in VIEWS ? (view as View) : 'cluster', pid: undefined, parameters }
}

/** The address of a view. Parameters that are empty are left out. */
export function linkTo(view: View, { pid, ...parameters }: Readonly<Record<string, string | undefined>> = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined && value !== '') query.set(name, value)
  const text = query.toString()
  return `#/${view}${pid === undefined ? '' : `/${encodeURIComponent(pid)}`}${text === '' ? '' : `?${text}`}`
}

/** Changes what the address says without another entry in the browser's history. */
export function replaceParameters(route: Route, parameters: Readonly<Record<string, string>>): void {
  const to = linkTo(route.view, { ...(route.pid === undefined ? {} : { pid: route.pid }), ...parameters })
  history.replaceState(null, '', to)
  dispatchEvent(new HashChangeEvent('hashchange'))
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash))
  useEffect(() => {
    const onChange = (): void => setRoute(parseRoute(location.hash))
    addEventListener('hashchange', onChange)
    return () => removeEventListener('hashchange', onChange)
  }, [])
  return route
}
