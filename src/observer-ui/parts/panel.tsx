// The pieces every view is made of: a titled panel, a number, a problem, a note that nothing is there.
import type { ComponentChildren } from 'preact'
import type { Polled } from '../net/polled.ts'
import type { Tone } from './tone.ts'

interface PanelProps {
  readonly title: string
  /** Beside the title: filters and buttons. */
  readonly tools?: ComponentChildren
  readonly note?: string
  readonly children: ComponentChildren
}

export function Panel({ title, tools, note, children }: PanelProps) {
  return (
    <section class="panel" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {note !== undefined && <span class="note">{note}</span>}
        {tools !== undefined && <div class="tools">{tools}</div>}
      </header>
      {children}
    </section>
  )
}

export function Figure({ label, value, tone = 'plain' }: { readonly label: string; readonly value: string; readonly tone?: Tone }) {
  return (
    <div class={`figure ${tone}`}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  )
}

/** A state in a word; the colour only repeats it. */
export function Badge({ children, tone }: { readonly children: ComponentChildren; readonly tone: Tone }) {
  return <span class={`badge ${tone}`}>{children}</span>
}

export const Nothing = ({ children }: { readonly children: ComponentChildren }) => <p class="nothing">{children}</p>

type MaybeWide = { readonly missing?: readonly { readonly node: string; readonly reason: string }[] }

/** What an answer lacks: why there is none, and which nodes are missing in it. */
export function Gaps({ polled }: { readonly polled: Polled<unknown> }) {
  const { answer, refused } = polled
  const missing = (answer as MaybeWide | undefined)?.missing ?? []
  if (refused !== undefined) {
    return (
      <p class="problem" role="alert">
        {refused.message}
        {answer !== undefined && ' What is shown is older.'}
      </p>
    )
  }
  if (missing.length === 0) return null
  return (
    <p class="problem" role="alert">
      Without {missing.map(({ node, reason }) => `${node} (${reason})`).join(', ')}: what these nodes know is not shown.
    </p>
  )
}
