// What the Watch room costs while its map is panned and every station changes once a second. Figures only; the test compares them.

import { picture, scenario } from './browser.mjs'
import { console_of, settled } from './console.mjs'
import { ask, given, say, until } from './test.mjs'

/** How long to look, milliseconds. */
const LOOK_MS = 10_000

/** Counts, from the page's first moment on, what goes to the map's worker: a source that is given new features, and in which frame. */
function count_updates() {
  const seen = { frame: 0, by: new Map(), sources: new Set(), updates: 0 }
  window.seen = seen
  const tick = () => { seen.frame += 1; requestAnimationFrame(tick) }
  requestAnimationFrame(tick)
  const post = Worker.prototype.postMessage
  Worker.prototype.postMessage = function (message, ...more) {
    if (message?.type === 'LD') {
      const source = message.data?.source
      seen.sources.add(source)
      if (source === 'stations') {
        seen.updates += 1
        seen.by.set(seen.frame, (seen.by.get(seen.frame) ?? 0) + 1)
      }
    }
    return post.call(this, message, ...more)
  }
}

const metrics = async (session) => Object.fromEntries((await session.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value]))

await scenario(async () => {
  const page = await console_of('watch', 'mouse', { init: count_updates })
  const map = page.getByRole('region', { name: 'Map', exact: true }).first()
  await map.waitFor()
  await until('all stations on the page', async () => (await page.getByText(`${given.stations} in all`, { exact: false }).count()) > 0)
  await until('the map to be told of changes', () => page.evaluate(() => window.seen.updates > 2))
  await settled(page)
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  // Enough frames at the pace of the screen.
  await page.evaluate(() => {
    window.frames_ms = []
    let last = performance.now()
    const tick = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(tick) }
    requestAnimationFrame(tick)
    window.seen.by.clear()
    window.seen.updates = 0
  })
  const [before, begun] = [await metrics(session), Date.now()]
  const box = await map.boundingBox()
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  for (let turn = 0; Date.now() - begun < LOOK_MS; turn += 1) {
    const side = turn % 2 === 0 ? 1 : -1
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + side * 150, y + side * 60, { steps: 30 })
    await page.mouse.up()
  }
  const passed_s = (Date.now() - begun) / 1000
  const after = await metrics(session)
  const seen = await page.evaluate(() => ({
    updates: window.seen.updates, most: Math.max(0, ...window.seen.by.values()), sources: window.seen.sources.size, frames: window.frames_ms,
    nodes: document.querySelectorAll('*').length,
  }))
  await picture(page, 'panned')
  const sorted = [...seen.frames].sort((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  const each_s = (name) => Math.round((1000 * (after[name] - before[name])) / passed_s * 10) / 10
  const measured = {
    seconds: passed_s, frames: seen.frames.length, frames_per_s: Math.round(seen.frames.length / passed_s * 10) / 10, frame_ms: { median: at(0.5), p95: at(0.95), longest: at(1) },
    updates: seen.updates, most_updates_in_a_frame: seen.most, sources: seen.sources, nodes: seen.nodes,
    busy_ms_per_s: each_s('TaskDuration'), script_ms_per_s: each_s('ScriptDuration'), layout_ms_per_s: each_s('LayoutDuration'), style_ms_per_s: each_s('RecalcStyleDuration'),
    heap_mb: Math.round(after.JSHeapUsedSize / 1e6),
  }
  say(measured)
  await ask('measured', measured)
})
