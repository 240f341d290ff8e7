// The shell of the console: opening it, logging in, going from room to room.

import { hands } from './hands.mjs'
import { given, must, until } from './test.mjs'
import { open_window } from './browser.mjs'

export const ROOMS = [['Watch', '1'], ['Event', '2'], ['Decide', '3'], ['City', '4'], ['Health', '5'], ['History', '6']]
export const PASSWORD = 'una bandada de queltehues'

/** Opens the console in a window of its own; `kind` is the officer's hands. */
export async function console_of(whose, kind = 'mouse', options = {}) {
  const page = await open_window(options)
  page.whose = whose
  page.hands = hands(page, kind)
  await page.goto(given.hub)
  await page.getByRole('navigation', { name: 'Rooms' }).waitFor()
  return page
}

/** Logs in through the dialog. */
export async function log_in(page, name, password = PASSWORD) {
  const dialog = page.getByRole('dialog', { name: 'Log in' })
  if (page.hands.kind === 'keyboard') await page.keyboard.press('l')
  else await page.getByRole('banner').getByRole('button', { name: 'Log in' }).click()
  await dialog.waitFor()
  await page.hands.type(dialog.getByLabel('Name'), name)
  await page.hands.type(dialog.getByLabel('Password'), password)
  await page.keyboard.press('Enter')
}

/** Logs in and waits until the page says who it is. */
export async function be(page, name) {
  await log_in(page, name)
  await page.getByRole('banner').getByText(name, { exact: false }).first().waitFor()
  await page.getByRole('dialog', { name: 'Log in' }).waitFor({ state: 'hidden' })
}

/** Goes to a room, by its link or its key. */
export async function room(page, name) {
  const [, key] = ROOMS.find(([room]) => room === name)
  const way = page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name, exact: false })
  if (page.hands.kind === 'keyboard') await page.keyboard.press(key)
  else await way.click()
  await until(`the room ${name}`, async () => (await way.getAttribute('aria-current')) === 'page')
}

/** Waits until nothing has changed in the room for a moment, and no longer than three seconds: a room that counts down always changes. */
export const settled = (page) => page.evaluate(() => new Promise((done) => {
  const room = document.getElementById('room')
  const watcher = new MutationObserver(() => { clearTimeout(calm); calm = setTimeout(end, 300) })
  const end = () => { watcher.disconnect(); clearTimeout(calm); clearTimeout(late); done() }
  let calm = setTimeout(end, 300)
  const late = setTimeout(end, 3000)
  if (room) watcher.observe(room, { subtree: true, childList: true, characterData: true, attributes: true })
}))

/** How far the page reaches beyond the screen's width, pixels. */
export const overhang = (page) => page.evaluate(() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth)

/** What stands out on the right, for the message when something does. */
export const sticking_out = (page) => page.evaluate(() => {
  const width = document.documentElement.clientWidth
  const clipped = (element) => {
    for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) {
      if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(up).overflowX)) return true
    }
    return false
  }
  return [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > width + 1 && !clipped(e))
    .slice(0, 5).map((e) => `${e.tagName.toLowerCase()}.${e.className} to ${Math.round(e.getBoundingClientRect().right)}`)
})

/** Fails when the page is wider than the screen. */
export async function fits(page, where) {
  const over = await overhang(page)
  must(over <= 0, `${where} is ${over} px wider than the screen: ${(await sticking_out(page)).join(', ')}`)
}
