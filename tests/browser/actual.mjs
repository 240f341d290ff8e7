// Where messages are real, nobody sends one by two quick keys: the confirming step asks for the name of the area. And nobody agrees to what is no longer
// there.

import { picture, scenario } from './browser.mjs'
import { be, console_of } from './console.mjs'
import { ask_to_approve, draft, waiting } from './desk.mjs'
import { ask, must, same, until } from './test.mjs'

await scenario(async () => {
  const [ana, ben] = [await console_of('ana'), await console_of('ben')]
  await be(ana, 'ana')
  await be(ben, 'ben')
  await ask('fill the tunnel', 90)
  await waiting(ana, 1)
  same(await ana.getByText('EXERCISE', { exact: true }).count(), 0, 'the word EXERCISE where messages are real')

  const dialog = await ask_to_approve(ana)
  must((await dialog.innerText()).includes('REAL'), 'the question does not say that the message is real')
  const name = dialog.getByRole('textbox')
  const yes = dialog.getByRole('button', { name: /^Yes, / })
  await until('the message to be read', async () => (await yes.getAttribute('aria-disabled')) !== 'true')
  const wanted = await dialog.locator('b.wanted').innerText()
  for (const typed of ['', 'somewhere else']) {
    await name.fill(typed)
    await ana.keyboard.press('Enter')
    await dialog.getByRole('alert').filter({ hasText: 'Type the name of' }).waitFor()
    same((await ask('approvals')), 0, `approvals after "${typed}" was typed`)
  }
  await picture(ana, '1-name-asked')
  // No spelling test: case, accents and spaces do not matter.
  await name.fill(`  ${wanted.toUpperCase().normalize('NFD').replace(/\p{M}/gu, '')} `)
  await ana.keyboard.press('Enter')
  await dialog.waitFor({ state: 'hidden' })
  await until('the approval', async () => (await ask('approvals')) === 1)

  // The second has the question open while it is decided otherwise: it is said, and cannot be confirmed.
  await waiting(ben, 1)
  const late = await ask_to_approve(ben)
  await until('the message to be read', async () => (await late.getByRole('button', { name: /^Yes, / }).getAttribute('aria-disabled')) !== 'true')
  await draft(ana).getByRole('button', { name: /^Refuse/ }).click()
  const refusal = ana.getByRole('dialog', { name: /^Refuse/ })
  await refusal.getByLabel('Why', { exact: false }).fill('a lorry stands on the loop')
  await refusal.getByRole('button', { name: /^Refuse / }).click()
  await refusal.waitFor({ state: 'hidden' })
  await late.getByText('This draft was changed or decided while you looked', { exact: false }).waitFor()
  same(await late.getByRole('button', { name: /^Yes, / }).getAttribute('aria-disabled'), 'true', 'the button that confirms what was refused')
  await picture(ben, '2-decided-otherwise')
  await ben.keyboard.press('Escape')
  await late.waitFor({ state: 'hidden' })
  same(await ask('feed'), 0, 'messages in the feed of real alerts')
})
