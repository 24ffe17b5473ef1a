// The observer's page in a real browser, over three real nodes: every view, faults seen as they happen, keyboard, both themes, accessibility.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '#test/support/eventually.ts'
import { Run } from './support/run.ts'

const CHROMIUM = '/usr/bin/chromium'
const found = existsSync(CHROMIUM) && spawnSync(CHROMIUM, ['--version']).status === 0
/** Where pictures for the documentation go; none are made without it. */
const PICTURES = process.env.OTP_SCREENSHOTS

const MANAGE = 'a-token-to-manage-with'

const VIEWS = ['cluster', 'tree', 'processes', 'registry', 'restarts', 'handoffs', 'events'] as const
/** How long a view is waited for; how long it takes is printed where it matters. */
const SEEN_WITHIN_MS = 20_000

let run: Run
let browser: Browser
let page: Page
const complaints: string[] = []

const at = (node: string, view: string): string => `${run.node(node).http}/observer/#/${view}`

async function open(view: string, scheme: 'light' | 'dark' = 'light', width = 1280): Promise<Page> {
  await page?.close()
  page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme })
  page.setDefaultTimeout(SEEN_WITHIN_MS)
  // That a question to a node that was killed is answered with 504 is none: the page says so.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(at('n1', view))
  await page.getByRole('heading', { level: 1 }).waitFor()
  return page
}

async function picture(name: string): Promise<void> {
  if (PICTURES === undefined) return
  mkdirSync(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`) })
}

/** What axe finds wrong with the page as it is now, in a line each. */
async function violations(): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>('axe.run(document)')
  return found.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}

describe.skipIf(!found)(`the page${found ? '' : ' (skipped: there is no /usr/bin/chromium here)'}`, () => {
  beforeAll(async () => {
    run = await Run.start([], { OTP_OBSERVER_MANAGE_TOKEN: MANAGE })
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  })

  afterAll(async () => {
    await browser?.close()
    await run?.stop()
  })

  afterEach(() => {
    const said = complaints.splice(0)
    if (said.length > 0) throw new Error(`the browser complained: ${said.join('; ')}`)
  })

  test('is ready within a second, sent to a browser that asks for /observer', async () => {
    page = await browser.newPage()
    const startedAt = performance.now()
    await page.goto(`${run.node('n1').http}/observer`)
    await page.getByText('3 of 3 nodes up').waitFor()
    console.log(`ready after ${(performance.now() - startedAt).toFixed(0)} ms`)
    expect(page.url()).toContain('/observer/')
  })

  test('the cluster shows its nodes, that they agree, and what goes over their links', async () => {
    await open('cluster')
    for (const name of ['n1', 'n2', 'n3'])
      await page
        .getByRole('article', { name: `Node ${name}` })
        .getByText('up', { exact: true })
        .waitFor()
    await page.getByText('all agree').waitFor()
    await page.getByRole('img', { name: /^Links: .*n1 and n2/ }).waitFor()
    await page.getByRole('img', { name: /^Calls a second: now n1/ }).waitFor()
    await page.waitForTimeout(PICTURES === undefined ? 0 : 20_000)
    await picture('cluster')
  })

  test('the tree shows the supervisors and their children, and is walked by keyboard', async () => {
    await open('tree')
    const tree = page.getByRole('tree')
    await tree.getByRole('link', { name: 'lots', exact: true }).waitFor()
    const items = () => tree.getByRole('treeitem').count()
    await tree.focus()
    await page.keyboard.press('ArrowLeft')
    await eventually('the root is closed', SEEN_WITHIN_MS, async () => (await items()) === 1)
    await page.keyboard.press('ArrowRight')
    await eventually('and open again', SEEN_WITHIN_MS, async () => (await items()) > 1)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: /./ }).waitFor()
    expect(page.url()).toContain('#/process/')
  })

  test('the processes are filtered and ordered, and lead to one of them', async () => {
    await open('processes')
    await page.keyboard.press('/')
    await page.keyboard.type('lot-')
    await page.getByLabel('Size of states').check()
    await page.getByRole('columnheader', { name: 'State' }).waitFor()
    await page.getByLabel('Size of states').uncheck()
    await page.getByRole('button', { name: 'Handled' }).click()
    await page.waitForURL(/sort=handled/)
    expect(page.url()).toContain('name=lot-')
    const first = page.getByRole('rowheader').first()
    await eventually('only lots are left', SEEN_WITHIN_MS, async () => ((await first.textContent()) ?? '').startsWith('lot-'))
    // A link's title is the pid.
    const pids = (): Promise<string[]> => page.evaluate("[...document.querySelectorAll('tbody th a')].map((link) => link.title)")
    await first.hover()
    await page.getByText('in their order while you point at them').waitFor()
    const before = await pids()
    await eventually('they stand in another order', SEEN_WITHIN_MS, async () => {
      const answer = await fetch(`${run.node('n1').http}/observer/v1/processes?sort=handled&name=lot-&limit=100`)
      const { processes } = (await answer.json()) as { processes: { pid: string }[] }
      return processes.some(({ pid }, place) => pid !== before[place])
    })
    for (let polls = 0; polls < 2; polls++) await page.waitForResponse(/\/processes\?/)
    expect((await pids()).slice(0, before.length)).toEqual(before)
    const name = (await first.textContent()) as string
    await first.getByRole('link').click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
    await page.getByText('Messages it took up last').waitFor()
    await picture('process')
  })

  test('the registry finds names', async () => {
    await open('registry')
    await page.getByLabel('Begins with').fill('lot-')
    await page.getByRole('rowheader').first().waitFor()
    expect(await page.getByText('No two claims of one name have met.').count()).toBe(1)
  })

  test('a restart is on the screen within half a second', async () => {
    await open('events')
    await page.getByLabel('Type').fill('supervisor.child_restarted')
    const shown = page.getByRole('log').getByText('supervisor.child_restarted')
    await page.waitForTimeout(500)
    const before = await shown.count()
    const askedAt = performance.now()
    const { status } = await run.post('n2', '/chaos/crash-lot', {})
    expect(status).toBe(202)
    await eventually('it is shown', SEEN_WITHIN_MS, async () => (await shown.count()) > before)
    console.log(`shown after ${(performance.now() - askedAt).toFixed(0)} ms`)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Go on' }).waitFor()
  })

  test('a storm is seen at a glance, and its crashes as one group', async () => {
    await open('restarts')
    await run.post('n1', '/chaos/storm', { crashes: 40, perSecond: 40 })
    await page
      .getByText(/^\d+×$/)
      .first()
      .waitFor()
    await page
      .getByRole('img', { name: /restarts in ten minutes/ })
      .first()
      .waitFor()
    await page.getByRole('row').nth(1).waitFor()
    await page.waitForTimeout(PICTURES === undefined ? 0 : 3000)
    await picture('restarts')
  })

  test('what a node hands over is seen on its way, and in which phase it is', async () => {
    await open('handoffs')
    const { status } = await run.post('n1', '/chaos/stones', { count: 30, work: 3, ms: 2000 })
    expect(status).toBe(202)
    const manage = (action: string) =>
      fetch(`${run.node('n1').http}/observer/v1/nodes/n2/${action}`, { method: 'POST', headers: { authorization: `Bearer ${MANAGE}` } })
    const drained = manage('drain')
    const underWay = page.getByRole('region', { name: 'Under way', exact: true })
    await underWay
      .getByRole('row', { name: /^stone-\S+ n2 → n[13] .*drain.* prepare / })
      .first()
      .waitFor()
    expect(await violations()).toEqual([])
    expect((await drained).status).toBe(200)
    await underWay.getByText('Nothing moves.').waitFor()
    expect((await manage('undrain')).status).toBe(200)
  })

  test('a node that is killed is seen to go, and where its names went', async () => {
    await open('cluster')
    await page.getByText('3 of 3 nodes up').waitFor()
    process.kill(run.node('n3').pid, 'SIGKILL')
    await page.getByText('2 of 3 nodes up').waitFor()
    await page.getByRole('article', { name: 'Node n3' }).getByText('down', { exact: true }).waitFor()
    await page.keyboard.press('6')
    await page.getByRole('heading', { level: 1, name: 'Handoffs' }).waitFor()
    await page.getByRole('cell', { name: 'n3' }).first().waitFor()
  })

  test.for(VIEWS.flatMap((view) => (['light', 'dark'] as const).map((scheme) => [view, scheme] as const)))(
    'axe finds nothing wrong with %s in %s',
    async ([view, scheme]) => {
      await open(view, scheme)
      // Its answers have come; a stream of events is never idle.
      await page.waitForTimeout(1000)
      expect(await violations()).toEqual([])
    },
  )

  test('fits a phone: nothing is wider than it', async () => {
    for (const view of VIEWS) {
      await open(view, 'light', 390)
      const width = await page.evaluate<number>('document.documentElement.scrollWidth')
      expect([view, width]).toEqual([view, 390])
    }
  })
})
