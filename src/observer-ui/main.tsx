// The observer's page: puts the application into the document.
import { render } from 'preact'
import { App } from './app.tsx'
import { applyTheme } from './parts/theme.tsx'
import './style.css'

applyTheme()
render(<App />, document.getElementById('app') as HTMLElement)
