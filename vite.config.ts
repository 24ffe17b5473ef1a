// Builds the observer's page into dist/observer-ui, which http serves: plain files, with nothing inline and nothing from elsewhere.
import { join } from 'node:path'
import { defineConfig } from 'vite'

const here = import.meta.dirname

export default defineConfig({
  root: join(here, 'src/observer-ui'),
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  // Where only the page is worked on (`npx vite`), a node that runs answers.
  server: { proxy: { '/observer/v1': process.env.OTP_OBSERVER_URL ?? 'http://127.0.0.1:4001' } },
  build: {
    outDir: join(here, 'dist/observer-ui'),
    emptyOutDir: true,
    // Every file of its own, so that the content security policy needs no exception.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
