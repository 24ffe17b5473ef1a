// What an open page asks of a node, from an OS process of its own: `node page.ts <address> <pages>`.
const [address = '', pages = '1'] = process.argv.slice(2)

const EVERY_MS = 1000
const ASKED = ['cluster', 'processes?limit=50', 'supervisors', 'crashes']

async function poll(page: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, (page * EVERY_MS) / Number(pages)))
  for (;;) {
    const next = new Promise((resolve) => setTimeout(resolve, EVERY_MS))
    for (const what of ASKED) await (await fetch(`${address}/observer/v1/${what}`)).json()
    await next
  }
}

async function listen(): Promise<void> {
  const { body } = await fetch(`${address}/observer/v1/events`, { headers: { accept: 'text/event-stream' } })
  for await (const _ of body ?? []);
}

await Promise.all(Array.from({ length: Number(pages) }, (_, page) => Promise.all([poll(page), listen()])))
