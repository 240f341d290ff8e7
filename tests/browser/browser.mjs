// Chromium without a window. Whatever page is opened here is watched: an error in its console, a request to anything but the hub, a breach of its
// policy or a script of a stranger that ran fails the scenario in the end, whatever it was about.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { chromium } from 'playwright-core'
import { given, say } from './test.mjs'

/** What an officer sits before, carries, and has on the wall. */
export const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 }, wall: { width: 2560, height: 1440 } }
/** The patience of every click and every look: a debug build of the hub on a busy machine. */
const PATIENCE_MS = 60_000

const faults = []
const expected = []
const pages = new Set()
let running = null

/** What is no fault from now on: texts that a fault may contain, with the reason for whoever reads this script. */
export const expect_fault = (text, reason) => expected.push({ text, reason })
export const expect_no_more = () => { expected.length = 0 }

function fault(page, text) {
  if (expected.some((e) => text.includes(e.text))) return
  faults.push(`${page.url()}: ${text}`)
}

/** Starts the browser, with no way to any name but this machine's address. */
export async function start(more = []) {
  running = await chromium.launch({
    executablePath: given.chromium,
    // The browser's own sandbox needs rights that containers lack; nothing but our page is opened.
    args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist', '--disable-dev-shm-usage',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', ...more],
  })
  return running
}

/** A window of somebody's own: cookies and storage are shared with nobody. `init` runs in the page before its own script. */
export async function open_window({ init, ...options } = {}) {
  const context = await running.newContext({ viewport: SIZES.desk, locale: 'en-GB', timezoneId: 'America/Santiago', colorScheme: 'dark', reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(PATIENCE_MS)
  await context.addInitScript(() => {
    window.breaches = []
    document.addEventListener('securitypolicyviolation', (event) => {
      const text = `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`
      window.breaches.push(text)
      console.error(text)
    })
  })
  if (init) await context.addInitScript(init)
  const page = await context.newPage()
  watch(page)
  return page
}

function watch(page) {
  pages.add(page)
  page.requests = []
  const own = new URL(given.hub).port
  page.on('close', () => pages.delete(page))
  page.on('pageerror', (error) => fault(page, `error: ${error.stack ?? error}`))
  page.on('console', (message) => {
    if (message.type() !== 'error') return
    const at = message.location().url
    // A status that the page understands: not logged in, not there, the hub is not ready, the draft is another by now.
    const status = /the server responded with a status of (\d+)/.exec(message.text())?.[1]
    if (status && ['401', '403', '404', '409', '503'].includes(status)) return
    fault(page, `console: ${message.text()} (${at})`)
  })
  page.on('dialog', (dialog) => {
    fault(page, `dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    page.requests.push(request.url())
    if (url.protocol === 'data:' || url.protocol === 'blob:') return
    if (url.hostname !== '127.0.0.1' || (page.allowed_ports ?? [own]).includes(url.port) === false) fault(page, `a request to somebody else: ${request.url()}`)
  })
  page.on('crash', () => fault(page, 'the page crashed'))
}

/** A picture of what the officer sees. */
export async function picture(page, name, options = {}) {
  mkdirSync(given.pictures, { recursive: true })
  await page.screenshot({ path: join(given.pictures, `${given.name}-${name}.png`), animations: 'disabled', ...options })
}

/** Runs a scenario to its end, and fails it for whatever went wrong in its windows. */
export async function scenario(run, more = []) {
  let failed = null
  try {
    await start(more)
    await run()
  } catch (error) {
    failed = error
  }
  for (const page of pages) {
    if (failed && !page.isClosed()) await picture(page, `${page.whose ?? 'window'}-failed`).catch(() => {})
  }
  await running?.close().catch(() => {})
  for (const text of faults) say(`fault: ${text}`)
  if (failed) say(`failed: ${failed.stack ?? failed}`)
  process.exit(failed || faults.length > 0 ? 1 : 0)
}
