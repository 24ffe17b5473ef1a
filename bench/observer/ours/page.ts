// What open pages ask of a node, from an OS process of their own: `node page.ts <address> <pages> <pid>`. Each shows one view.
const [address = '', pages = '1', pid = ''] = process.argv.slice(2)

/** What a view asks, and every how many ms, as the page does. */
type View = readonly (readonly [path: string, everyMs: number])[]

const VIEWS: readonly View[] = [
  [],
  [['processes?limit=100', 1000]],
  [
    ['supervisors?limit=1000', 1000],
    ['crashes?limit=50', 2000],
    ['quarantine', 2000],
  ],
  [
    ['handoffs', 500],
    ['placement', 1000],
    ['takeovers', 2000],
  ],
  [
    ['registry?limit=100', 1000],
    ['conflicts', 2000],
  ],
  [[`processes/${pid}`, 1000]],
]
/** Whichever view is shown. */
const ALWAYS: View = [['cluster', 1000]]

async function poll(path: string, everyMs: number): Promise<void> {
  // Nobody opens ten pages at the same moment.
  await new Promise((resolve) => setTimeout(resolve, Math.random() * everyMs))
  for (;;) {
    const answer = await fetch(`${address}/observer/v1/${path}`)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${text}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

async function listen(): Promise<void> {
  const { body } = await fetch(`${address}/observer/v1/events`, { headers: { accept: 'text/event-stream' } })
  for await (const _ of body ?? []);
}

const open = (page: number) => {
  const view = VIEWS[page % VIEWS.length] as View
  return [...[...ALWAYS, ...view].map(([path, everyMs]) => poll(path, everyMs)), listen()]
}

await Promise.all(Array.from({ length: Number(pages) }, (_, page) => open(page)).flat())
