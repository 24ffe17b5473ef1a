// Light or dark: as the system says, unless the reader said otherwise.
import { useState } from 'preact/hooks'

const KEPT = 'otp-observer-theme'
const NEXT = { system: 'light', light: 'dark', dark: 'system' } as const
type Theme = keyof typeof NEXT

const chosen = (): Theme => {
  const kept = localStorage.getItem(KEPT)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

/** Puts the choice into the document; charts listen for `themechange`. */
export function applyTheme(): void {
  document.documentElement.dataset.theme = chosen()
  dispatchEvent(new Event('themechange'))
}

export function ThemeButton() {
  const [theme, setTheme] = useState(chosen)
  const change = (): void => {
    localStorage.setItem(KEPT, NEXT[theme])
    setTheme(NEXT[theme])
    applyTheme()
  }
  return (
    <button type="button" class="quiet" onClick={change} title="Light, dark, or as the system says">
      Theme: {theme}
    </button>
  )
}
