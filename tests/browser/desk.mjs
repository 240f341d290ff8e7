// The desk: what waits, what each audience will read, agreeing, writing, calling back. Every act is two steps: one that asks, one that confirms.

import { room } from './console.mjs'
import { must, until } from './test.mjs'

/** The draft that is looked at. */
export const draft = (page) => page.getByRole('article').filter({ has: page.getByRole('heading', { name: /Waits for a decision/ }) })

/** Goes to the desk and waits until so many drafts wait. */
export async function waiting(page, count) {
  await room(page, 'Decide')
  await page.getByRole('heading', { name: `Waiting (${count})` }).waitFor()
}

/** Shows a tab of the message's preview. */
export async function tab(page, name) {
  const wanted = draft(page).getByRole('tab', { name, exact: true })
  if (page.hands.kind === 'keyboard') {
    const shown = draft(page).getByRole('tab', { selected: true })
    await page.hands.focus(shown)
    for (let step = 0; step < 12 && (await wanted.getAttribute('aria-selected')) !== 'true'; step += 1) await page.keyboard.press('ArrowRight')
  } else {
    await wanted.click()
  }
  await until(`the tab ${name}`, async () => (await wanted.getAttribute('aria-selected')) === 'true')
  return draft(page).getByRole('tabpanel').innerText()
}

/** The digest of the text that an open question shows, as an officer could read it out: eight digits. */
async function digest_of(dialog) {
  const code = dialog.locator('code').last()
  await code.waitFor()
  return code.innerText()
}

/** Opens the question of an approval and gives its dialog. */
export async function ask_to_approve(page) {
  await page.hands.press(draft(page).getByRole('button', { name: /^Approve / }))
  const dialog = page.getByRole('dialog', { name: /^Approve / })
  await dialog.waitFor()
  return dialog
}

/** Approves the draft that is looked at; gives the digest that was on the screen. */
export async function approve(page) {
  const dialog = await ask_to_approve(page)
  const digest = await digest_of(dialog)
  const yes = dialog.getByRole('button', { name: /^Yes, / })
  await until('the confirming button to be ready', async () => (await yes.getAttribute('aria-disabled')) !== 'true')
  await page.hands.press(yes)
  await dialog.waitFor({ state: 'hidden' })
  return digest
}

/** Two officers let out what waits; both must have seen the same text. */
export async function both_approve(first, second) {
  const seen = await approve(first)
  await waiting(second, 1)
  await draft(second).getByText('Agreed:').waitFor()
  const shown = await draft(second).innerText()
  must(shown.includes(first.whose), `the second approver is not told that ${first.whose} has agreed`)
  must(shown.includes(seen), `the second approver is not told the text that the first agreed to (${seen})`)
  const agreed = await approve(second)
  must(agreed === seen, `the second approver agreed to ${agreed}, the first to ${seen}`)
  await first.getByRole('heading', { name: 'Waiting (0)' }).waitFor()
}

/** Writes a message of one's own and puts it on the desk. */
export async function write(page, { zone, level, words }) {
  await room(page, 'Decide')
  const way = page.getByRole('button', { name: /^Write a message/ })
  await way.waitFor()
  if (page.hands.kind === 'keyboard') await page.keyboard.press('w')
  else await way.click()
  const form = page.getByRole('region', { name: 'Write a message' })
  await form.waitFor()
  await page.hands.tick(form.getByRole('checkbox', { name: zone, exact: true }))
  await page.hands.choose(form.getByLabel('Level'), level)
  for (const [language, { headline, text }] of Object.entries(words)) {
    const part = form.getByRole('group', { name: new RegExp(`^${language}`) })
    await page.hands.type(part.getByLabel(/^Headline/), headline)
    await page.hands.type(part.getByLabel(/^What happens/), text)
  }
  const propose = form.getByRole('button', { name: /^Propose / })
  await until('the preview of what is written', () => propose.isEnabled())
  const read = await form.innerText()
  await page.hands.press(propose)
  const dialog = page.getByRole('dialog', { name: /^Propose / })
  await dialog.waitFor()
  const yes = dialog.getByRole('button', { name: /^Propose / })
  await until('the confirming button to be ready', async () => (await yes.getAttribute('aria-disabled')) !== 'true')
  await page.hands.press(yes)
  await dialog.waitFor({ state: 'hidden' })
  return read
}

/** Calls back what was sent in error. */
export async function call_back(page, headline) {
  await room(page, 'Decide')
  const message = page.getByRole('region', { name: /^In force/ }).getByRole('listitem').filter({ hasText: headline })
  await page.hands.press(message.getByRole('button', { name: /^Sent in error/ }))
  const dialog = page.getByRole('dialog', { name: /^Sent in error/ })
  await dialog.waitFor()
  const yes = dialog.getByRole('button', { name: /^Call / })
  await until('the confirming button to be ready', async () => (await yes.getAttribute('aria-disabled')) !== 'true')
  await page.hands.press(yes)
  await dialog.waitFor({ state: 'hidden' })
}
