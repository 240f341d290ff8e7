// A hub that is killed and started again while its page is open, and a line that stalls: the page says so, nothing can be decided, and all comes back
// without a reload.

import { expect_fault, expect_no_more, picture, scenario } from './browser.mjs'
import { be, console_of, room } from './console.mjs'
import { approve, ask_to_approve, draft, waiting } from './desk.mjs'
import { ask, must, same, until } from './test.mjs'

/** Nothing on the desk can be confirmed, by button or by key, and the page says why. */
async function nothing_can_be_decided(page) {
  await page.getByText('nothing can be decided until it is back', { exact: false }).first().waitFor()
  must(await draft(page).getByRole('button', { name: /^Approve / }).isDisabled(), 'a draft can be approved without a hub')
  await page.keyboard.press('a')
  same(await page.getByRole('dialog').count(), 0, 'dialogs that a key opens without a hub')
}

await scenario(async () => {
  const ana = await console_of('ana')
  await be(ana, 'ana')
  await ask('fill the tunnel')
  await waiting(ana, 1)
  await ana.evaluate(() => { window.not_reloaded = true })
  const lost = ana.getByText('CONNECTION LOST', { exact: true })
  must(!(await lost.isVisible()), 'the connection is called lost while it is there')

  // The browser itself says that the address does not answer.
  expect_fault('net::ERR_', 'the hub is dead')
  await ask('kill')
  await lost.waitFor()
  await nothing_can_be_decided(ana)
  await picture(ana, '1-killed')
  for (const name of ['Watch', 'Event', 'City', 'Health', 'History']) {
    await room(ana, name)
    must(await lost.isVisible(), `${name} does not say that the connection is lost`)
  }
  await room(ana, 'Decide')

  await ask('start')
  await lost.waitFor({ state: 'hidden' })
  must(await ana.evaluate(() => window.not_reloaded === true), 'the page was loaded anew')
  await waiting(ana, 1)
  await ana.getByRole('banner').getByText('ana').first().waitFor()
  await picture(ana, '2-back')

  // A question that is open when the line stalls waits, and holds when it flows again.
  const dialog = await ask_to_approve(ana)
  await ask('stall')
  await lost.waitFor()
  const yes = dialog.getByRole('button', { name: /^Yes, / })
  await until('the confirming button to be held', async () => (await yes.getAttribute('aria-disabled')) === 'true')
  await picture(ana, '3-stalled')
  await ask('flow')
  await lost.waitFor({ state: 'hidden' })
  await until('the confirming button to be free', async () => (await yes.getAttribute('aria-disabled')) !== 'true')
  await yes.click()
  await dialog.waitFor({ state: 'hidden' })
  await draft(ana).getByText('Agreed:').waitFor()
  expect_no_more()
  const ben = await console_of('ben')
  await be(ben, 'ben')
  await waiting(ben, 1)
  await approve(ben)
  await ana.getByRole('heading', { name: 'Waiting (0)' }).waitFor()
})
