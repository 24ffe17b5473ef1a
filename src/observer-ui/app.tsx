// The frame: where one is, how the cluster is, and the view that the address names.
import { useEffect, useState } from 'preact/hooks'
import type { Answers } from '#answers'
import { ask, Refused, signedIn, signIn } from './net/ask.ts'
import { useHistory } from './net/history.ts'
import { usePolled } from './net/polled.ts'
import { Abilities } from './parts/abilities.tsx'
import { count } from './parts/format.ts'
import { Badge } from './parts/panel.tsx'
import { ThemeButton } from './parts/theme.tsx'
import { linkTo, type Route, useRoute, VIEWS } from './routes.ts'
import { ClusterView } from './views/cluster.tsx'
import { EventsView } from './views/events.tsx'
import { HandoffsView } from './views/handoffs.tsx'
import { ProcessView } from './views/process.tsx'
import { ProcessesView } from './views/processes.tsx'
import { RegistryView } from './views/registry.tsx'
import { RestartsView } from './views/restarts.tsx'
import { TreeView } from './views/tree.tsx'

const names = Object.keys(VIEWS) as (keyof typeof VIEWS)[]

/** 1 to 7 lead to the views, `/` to the first filter: for hands that stay on the keyboard. */
function onKey(event: KeyboardEvent): void {
  const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return
  const view = names[Number(event.key) - 1]
  if (view !== undefined) location.hash = linkTo(view)
  if (event.key === '/') {
    event.preventDefault()
    document.querySelector<HTMLInputElement>('main input')?.focus()
  }
}

function useCapabilities(): { readonly capabilities?: Answers['capabilities']; readonly refused?: Refused } {
  const [known, setKnown] = useState<{ capabilities?: Answers['capabilities']; refused?: Refused }>({})
  useEffect(() => {
    ask<'capabilities'>('capabilities').then(
      (capabilities) => setKnown({ capabilities }),
      (error) => setKnown({ refused: error instanceof Refused ? error : new Refused(0, String(error)) }),
    )
  }, [])
  return known
}

function SignIn({ why }: { readonly why: string }) {
  const [token, setToken] = useState('')
  const submit = (event: Event): void => {
    event.preventDefault()
    signIn(token)
  }
  return (
    <form class="sign-in" onSubmit={submit}>
      <h1>Observer</h1>
      <p role="alert">{why}</p>
      <label>
        Token
        <input type="password" autocomplete="off" value={token} onInput={(event) => setToken(event.currentTarget.value)} />
      </label>
      <button type="submit">Look</button>
    </form>
  )
}

function Health({ cluster }: { readonly cluster: Answers['cluster'] | undefined }) {
  if (cluster === undefined) return <Badge tone="plain">asking …</Badge>
  const up = cluster.members.filter(({ status }) => status === 'up').length
  const expected = cluster.expected ?? cluster.members.filter(({ status }) => status !== 'left').length
  const idle = cluster.members.filter(({ load }) => load?.arbiter?.mayOwn === false).length
  return (
    <div class="health" role="status">
      <Badge tone={up < expected ? 'bad' : 'good'}>
        {up} of {expected} nodes up
      </Badge>
      {!cluster.agree && <Badge tone="bad">views differ</Badge>}
      {!cluster.hasQuorum && <Badge tone="bad">no quorum</Badge>}
      {idle > 0 && <Badge tone="bad">{idle === 1 ? '1 node' : `${idle} nodes`} without a lease</Badge>}
      {cluster.missing.length > 0 && <Badge tone="warn">{cluster.missing.length} without answer</Badge>}
      <span class="muted">{count(cluster.members.reduce((sum, { processes }) => sum + (processes ?? 0), 0))} processes</span>
    </div>
  )
}

export function App() {
  const route = useRoute()
  const { capabilities, refused } = useCapabilities()
  const polled = usePolled<'cluster'>('cluster')
  const history = useHistory(polled.answer)
  const [asks, setAsks] = useState(false)
  useEffect(() => {
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  useEffect(() => {
    document.title = `${route.view === 'process' ? route.pid : VIEWS[route.view]} · Observer`
  }, [route.view, route.pid])
  if (refused?.status === 401) return <SignIn why={refused.message} />
  if (asks) return <SignIn why="A manage token allows to change things; what may be read stays the same." />
  return (
    <Abilities.Provider value={capabilities}>
      <header class="top">
        <strong>Observer</strong>
        <Health cluster={polled.answer} />
        <div class="tools">
          {capabilities?.manage.isOn && capabilities.scope === 'read' && (
            <button type="button" class="quiet" onClick={() => setAsks(true)}>
              Manage
            </button>
          )}
          {signedIn() && (
            <button type="button" class="quiet" onClick={() => signIn('')}>
              Sign out
            </button>
          )}
          {capabilities?.links.grafana != null && (
            <a href={capabilities.links.grafana} target="_blank" rel="noreferrer">
              Grafana
            </a>
          )}
          <ThemeButton />
        </div>
      </header>
      <nav aria-label="Views">
        {names.map((name, index) => (
          <a key={name} href={linkTo(name)} aria-current={isIn(route, name) ? 'page' : undefined} title={`Key ${index + 1}`}>
            {VIEWS[name]}
          </a>
        ))}
      </nav>
      <main key={route.view}>
        <Shown route={route} polled={polled} history={history} />
      </main>
    </Abilities.Provider>
  )
}

/** One process is shown under the list it was taken from. */
const isIn = ({ view }: Route, name: keyof typeof VIEWS): boolean => view === name || (view === 'process' && name === 'processes')

interface ShownProps {
  readonly route: Route
  readonly polled: ReturnType<typeof usePolled<'cluster'>>
  readonly history: ReturnType<typeof useHistory>
}

function Shown({ route, polled, history }: ShownProps) {
  switch (route.view) {
    case 'cluster':
      return <ClusterView polled={polled} history={history} />
    case 'tree':
      return <TreeView route={route} members={polled.answer?.members ?? []} />
    case 'processes':
      return <ProcessesView route={route} members={polled.answer?.members ?? []} />
    case 'process':
      return <ProcessView pid={route.pid as string} />
    case 'registry':
      return <RegistryView route={route} />
    case 'restarts':
      return <RestartsView />
    case 'handoffs':
      return <HandoffsView />
    case 'events':
      return <EventsView route={route} />
  }
}
