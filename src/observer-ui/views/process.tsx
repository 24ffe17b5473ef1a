// One process: who it is, what it does now, whom it is tied to, its state where that may be seen, and its last crash.
import { useRef, useState } from 'preact/hooks'
import type { Answers } from '#answers'
import { address, ask, manage, Refused, request } from '../net/ask.ts'
import { usePolled } from '../net/polled.ts'
import { readSent } from '../net/server-sent.ts'
import { Action, TraceLink, useManage } from '../parts/abilities.tsx'
import { clock, count, duration, plain, rate } from '../parts/format.ts'
import { Badge, Figure, Gaps, Nothing, Panel } from '../parts/panel.tsx'
import { linkTo } from '../routes.ts'

type Process = Answers['process']['process']

const Pid = ({ pid }: { readonly pid: string }) => <a href={linkTo('process', { pid })}>{pid}</a>

function Ties({ title, pids }: { readonly title: string; readonly pids: readonly string[] }) {
  return (
    <div>
      <h3>
        {title} ({pids.length})
      </h3>
      {pids.length === 0 ? (
        <Nothing>None.</Nothing>
      ) : (
        <ul class="pids">
          {pids.map((pid) => (
            <li key={pid}>
              <Pid pid={pid} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Flight({ flight }: { readonly flight: Process['flight'] }) {
  if (flight.length === 0) return <Nothing>It has taken up no message yet.</Nothing>
  return (
    <ol class="flight">
      {flight.map(({ kind, name, ageMs }, index) => (
        <li key={index}>
          <code>
            {kind} {name}
          </code>{' '}
          <span class="muted">{duration(ageMs)} before</span>
        </li>
      ))}
    </ol>
  )
}

function State({ pid }: { readonly pid: string }) {
  const [state, setState] = useState<Answers['state']>()
  const [why, setWhy] = useState('')
  const look = async (): Promise<void> => {
    try {
      setState(await ask<'state'>(`processes/${encodeURIComponent(pid)}/state`))
      setWhy('')
    } catch (error) {
      setWhy(error instanceof Refused ? error.message : String(error))
    }
  }
  const button = (
    <button type="button" onClick={() => void look()}>
      {state === undefined ? 'Show' : 'Show again'}
    </button>
  )
  return (
    <Panel title="State" note="what its behaviour lets be seen" tools={button}>
      {why !== '' && (
        <p class="problem" role="alert">
          {why}
        </p>
      )}
      {state !== undefined && (
        <pre>
          {JSON.stringify(state.state, null, 2)}
          {state.truncated && '\n… and more'}
        </pre>
      )}
    </Panel>
  )
}

/** Messages as they are taken up, for a while. */
function Trace({ pid }: { readonly pid: string }) {
  const [messages, setMessages] = useState<readonly Answers['tracedMessage'][]>([])
  const [said, setSaid] = useState('')
  const running = useRef<AbortController>(undefined)
  const start = async (): Promise<void> => {
    running.current?.abort()
    const over = new AbortController()
    running.current = over
    setMessages([])
    setSaid('listening …')
    try {
      const init = { method: 'POST', body: JSON.stringify({ pid }), headers: { 'content-type': 'application/json' }, signal: over.signal }
      await readSent(await request(address('trace'), init), ({ event, data }) => {
        if (event === 'message') setMessages((before) => [...before, JSON.parse(data) as Answers['tracedMessage']])
        if (event !== 'end') return
        const { because, sent, skipped } = JSON.parse(data) as Answers['traceEnd']
        setSaid(`over (${because}): ${sent} shown, ${skipped} came too fast`)
      })
    } catch (error) {
      if (!over.signal.aborted) setSaid(error instanceof Refused ? error.message : String(error))
    }
  }
  const button = (
    <button type="button" onClick={() => void start()}>
      Trace
    </button>
  )
  return (
    <Panel title="Messages" note="up to 100 in 10 s" tools={button}>
      <output>{said}</output>
      <ol class="flight">
        {messages.map(({ at, kind, name, waitMs, content }, index) => (
          <li key={index}>
            <span class="muted">{clock(at)}</span>{' '}
            <code>
              {kind} {name}
            </code>{' '}
            <span class="muted">waited {duration(waitMs)}</span> {content !== undefined && <code>{plain(content)}</code>}
          </li>
        ))}
      </ol>
    </Panel>
  )
}

function Crash({ crash }: { readonly crash: NonNullable<Process['lastCrash']> }) {
  return (
    <Panel title="Last crash" note={clock(crash.at)}>
      <p>
        <strong>{crash.reason}</strong>
      </p>
      <p class="muted">
        while handling {crash.handling ?? 'nothing'} · trace <TraceLink trace={crash.trace} /> · it was {crash.pid}
      </p>
      <h3>Its last messages</h3>
      <Flight flight={crash.flight} />
    </Panel>
  )
}

export function ProcessView({ pid }: { readonly pid: string }) {
  const polled = usePolled<'process'>(`processes/${encodeURIComponent(pid)}`)
  const manages = useManage()
  const of = polled.answer?.process
  const command = (what: string) => () => manage(`processes/${encodeURIComponent(pid)}/${what}`)
  const tools = manages?.isOn && (
    <>
      {of?.status === 'suspended' ? <Action label="Resume" run={command('resume')} /> : <Action label="Suspend" run={command('suspend')} />}
      <Action label="Kill" confirm={`Kill ${pid}? Its supervisor does what its specification says.`} run={command('kill')} />
    </>
  )
  const title = of?.names[0] ?? of?.name ?? of?.child ?? of?.label ?? pid
  return (
    <>
      <h1>{title}</h1>
      <Gaps polled={polled} />
      {of !== undefined && (
        <>
          <Panel title={pid} note={of.behaviour} tools={tools || undefined}>
            <dl class="figures">
              <div class="figure plain">
                <dt>status</dt>
                <dd>
                  <Badge tone={of.status === 'suspended' ? 'warn' : of.status === 'dead' ? 'bad' : 'good'}>{of.status}</Badge>
                </dd>
              </div>
              <Figure label="waiting" value={count(of.mailbox)} />
              <Figure label="oldest" value={duration(of.oldestMs)} tone={of.oldestMs > 1000 ? 'warn' : 'plain'} />
              <Figure label="handled" value={count(of.handled)} />
              <Figure label="a second" value={of.perSecond === null ? '–' : rate(of.perSecond)} />
              <Figure label="handling" value={of.handling === null ? 'nothing' : `${of.handling}, ${duration(of.handlingMs)}`} />
              <Figure label="restarts" value={count(of.restarts)} />
              <Figure label="age" value={duration(of.ageMs)} />
              <Figure label="timers" value={count(of.timers)} />
              <Figure label="traps exits" value={of.trapExit ? 'yes' : 'no'} />
            </dl>
            <p class="muted">
              on <a href={linkTo('tree', { node: of.node })}>{of.node}</a>, under{' '}
              {of.supervisor === null ? 'no supervisor' : <a href={linkTo('processes', { supervisor: of.supervisor })}>{of.supervisor}</a>}
              {of.child !== null && ` as ${of.child}`}
              {of.names.length > 0 && `, registered as ${of.names.join(', ')}`}
            </p>
          </Panel>
          {of.lastCrash !== null && <Crash crash={of.lastCrash} />}
          <div class="pair">
            <Panel title="Messages that wait" note={of.mailbox > of.messages.length ? `the first ${of.messages.length}` : ''}>
              {of.messages.length === 0 ? (
                <Nothing>None.</Nothing>
              ) : (
                <ol class="flight">
                  {of.messages.map((message, index) => (
                    <li key={index}>
                      <code>{message}</code>
                    </li>
                  ))}
                </ol>
              )}
            </Panel>
            <Panel title="Messages it took up last">
              <Flight flight={of.flight} />
            </Panel>
          </div>
          <Panel title="Ties">
            <div class="triple">
              <Ties title="Linked with" pids={of.linkedWith} />
              <Ties title="Monitors" pids={of.monitoring} />
              <Ties title="Monitored by" pids={of.monitoredByPids} />
            </div>
          </Panel>
          {of.showsState && <State pid={pid} />}
          {manages?.isOn && <Trace pid={pid} />}
        </>
      )}
    </>
  )
}
