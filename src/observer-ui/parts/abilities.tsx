// What the node and the token allow, for whoever shows a button or a link that depends on it.
import { createContext } from 'preact'
import { useContext, useState } from 'preact/hooks'
import type { Answers } from '#answers'
import { Refused } from '../net/ask.ts'

export const Abilities = createContext<Answers['capabilities'] | undefined>(undefined)

/** Whether the one who looks may change something. */
export const useManage = (): Answers['capabilities']['manage'] | undefined => {
  const abilities = useContext(Abilities)
  return abilities?.scope === 'manage' ? abilities.manage : undefined
}

/** Leads to a trace where its address is configured; otherwise it is shown, to be copied. */
export function TraceLink({ trace }: { readonly trace: string | null | undefined }) {
  const template = useContext(Abilities)?.links.trace ?? null
  if (trace == null) return <span class="muted">–</span>
  const text = trace.slice(0, 8)
  if (template === null) return <code title={trace}>{text}</code>
  return (
    <a href={template.replace('{trace}', encodeURIComponent(trace))} target="_blank" rel="noreferrer">
      {text}
    </a>
  )
}

interface ActionProps {
  readonly label: string
  /** Asked before; nothing is asked where this is missing. */
  readonly confirm?: string
  readonly run: () => Promise<unknown>
}

/** Does something to the cluster, and says how it went. */
export function Action({ label, confirm: question, run }: ActionProps) {
  const [said, setSaid] = useState('')
  const act = async (): Promise<void> => {
    if (question !== undefined && !confirm(question)) return
    setSaid('…')
    try {
      await run()
      setSaid('done')
    } catch (error) {
      setSaid(error instanceof Refused ? error.message : String(error))
    }
  }
  return (
    <span class="action">
      <button type="button" onClick={() => void act()}>
        {label}
      </button>
      <output>{said}</output>
    </span>
  )
}
