// Looking back at an event: the scrubber sets the time of every room, nothing can be decided there, and the report can be saved as a PDF.

import { join } from 'node:path'
import { picture } from './browser.mjs'
import { fits, room } from './console.mjs'
import { ask, given, must, same, until } from './test.mjs'

/** Goes through the event in History, from a time when its first message was in force back to now, and to its report. */
export async function look_back(page, event) {
  await room(page, 'History')
  await page.getByRole('region', { name: 'Past events' }).getByRole('link', { name: event }).first().click()
  // The whole record has one too until the event's is there.
  const scrubber = page.getByRole('group', { name: new RegExp(`^Go through .*${event.source}`) })
  await scrubber.waitFor()
  const slider = scrubber.getByRole('slider', { name: 'Time' })
  const [from, to] = [Number(await slider.getAttribute('min')), Number(await slider.getAttribute('max'))]
  must(to > from, `the record has no length: ${from} to ${to}`)
  // An hour after the event began the first message was in force and no wave had been seen.
  const at = Math.min(from + 5_400, to)
  await slider.fill(String(at))
  const past = page.getByText('THE PAST', { exact: true })
  await past.waitFor()
  await picture(page, '11-history', { fullPage: true })
  await room(page, 'Watch')
  await page.getByRole('heading', { name: 'Alerts in force: 1' }).waitFor()
  await page.getByText('Not confirmed: no station has seen a wave yet').waitFor()
  await fits(page, 'Watch in the past')
  await picture(page, '12-past-watch')
  await room(page, 'Decide')
  await page.getByText('You look at the past', { exact: false }).first().waitFor()
  await page.getByRole('button', { name: /^Back to now/ }).first().click()
  await past.waitFor({ state: 'hidden' })
  await report(page, event)
}

async function report(page, event) {
  await room(page, 'History')
  const list = page.getByRole('region', { name: 'Past events' })
  if (!(await list.isVisible())) await page.goto(new URL('#/history', given.hub).href)
  await list.getByRole('link', { name: new RegExp(`^Report of .*${event.source}`) }).first().click()
  await page.getByRole('button', { name: /^Print/ }).waitFor()
  await page.getByRole('heading', { name: 'Messages as sent' }).waitFor()
  await fits(page, 'the report')
  await picture(page, '13-report', { fullPage: true })
  const path = join(given.pictures, `${given.name}-report.pdf`)
  await page.pdf({ path, preferCSSPageSize: true, printBackground: true })
  const text = await ask('text of', path)
  // Where there is no reader of such files, the test has said so.
  if (text === null) return
  for (const wanted of ['EXERCISE', '8.8', 'Valparaíso', 'Messages as sent', 'What happened', 'page 1 of']) {
    must(text.includes(wanted), `the saved report does not say "${wanted}"`)
  }
  same(event.test(text), true, 'the report names its event')
  await until('the window to be back', () => page.getByRole('link', { name: 'Back to the event' }).isVisible())
}
