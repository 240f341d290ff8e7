// Texts of strangers in every room: they are there to be read, and nothing in them runs, leads elsewhere or breaks the page.

import { picture, scenario, SIZES } from './browser.mjs'
import { be, console_of, fits, room, ROOMS, settled } from './console.mjs'
import { draft, waiting, write } from './desk.mjs'
import { given, must, same } from './test.mjs'

/** Nothing of the strangers' markup has become an element, a link or a deed. */
async function only_text(page, where) {
  same(await page.evaluate(() => window.ran ?? null), null, `a stranger's script ran in ${where}`)
  same(await page.evaluate(() => [...document.querySelectorAll('#console script, #console [onerror], #console [onload], #console img[src="x"], #console iframe')].map((e) => e.outerHTML.slice(0, 80))), [], `markup of strangers in ${where}`)
  same(await page.evaluate(() => [...document.querySelectorAll('a[href]')].map((a) => a.protocol).filter((p) => !['http:', 'https:'].includes(p))), [], `links that are no pages in ${where}`)
  const bold = await page.evaluate(() => [...document.querySelectorAll('b')].filter((b) => b.textContent === 'bold').length)
  same(bold, 0, `bold text of strangers in ${where}`)
  must(!page.requests.some((url) => new URL(url).pathname.endsWith('/x')), `a stranger's picture was asked for in ${where}`)
}

await scenario(async () => {
  const ana = await console_of('ana')
  await be(ana, 'ana')
  // The stranger's words are shown as they are.
  await room(ana, 'Watch')
  await ana.getByText('window.ran=', { exact: false }).first().waitFor()
  // Every officer's own words go the same way.
  const eva = await console_of('eva')
  await be(eva, 'eva')
  await write(eva, { zone: 'Atacama', level: 'Advisory', words: { English: { headline: given.scripts.slice(0, 140), text: `${given.scripts} ${'\u202e'}${'W'.repeat(1500)}` } } })
  await waiting(ana, 2)
  const row = ana.getByRole('list', { name: 'Drafts that wait' }).getByRole('button').filter({ hasText: 'From eva' })
  await row.click()
  await draft(ana).getByRole('tab', { name: 'CAP', exact: true }).click()
  await only_text(ana, 'a written draft')
  await draft(ana).getByRole('tab', { name: 'SMS', exact: true }).click()
  await fits(ana, 'a written draft')
  await draft(ana).getByRole('button', { name: /^Refuse/ }).click()
  const dialog = ana.getByRole('dialog', { name: /^Refuse/ })
  await dialog.getByLabel('Why', { exact: false }).fill(given.scripts)
  await only_text(ana, 'the refusal')
  await dialog.getByRole('button', { name: /^Refuse / }).click()
  await dialog.waitFor({ state: 'hidden' })
  await waiting(ana, 1)
  for (const [size, viewport] of Object.entries(SIZES)) {
    await ana.setViewportSize(viewport)
    for (const [name] of ROOMS) {
      const where = `${name}, ${size}`
      await room(ana, name)
      await settled(ana)
      await ana.evaluate(() => { for (const part of document.querySelectorAll('main details')) part.open = true })
      await settled(ana)
      await only_text(ana, where)
      await fits(ana, where)
      await picture(ana, `${name.toLowerCase()}-${size}`)
    }
  }
  // The plain page shows the same words.
  await ana.goto(new URL('plain', given.hub).href)
  await ana.getByText('window.ran=', { exact: false }).first().waitFor()
  await only_text(ana, 'the plain page')
})
