// Every room of a small deployment by day and by night, on a desk, a phone and a wall.

import { findings } from './accessible.mjs'
import { picture, scenario, SIZES } from './browser.mjs'
import { be, console_of, fits, room, ROOMS, settled } from './console.mjs'
import { ask, given, must, same, say, until } from './test.mjs'

const WORD = { exercise: 'EXERCISE', actual: null }[given.mode]

/** The frame, the word and the watermark of an exercise, as the page shows them. */
async function mode_of(page, where) {
  same(await page.locator('html').getAttribute('data-mode'), given.mode, `the mode of ${where}`)
  const word = page.getByText('EXERCISE', { exact: true }).first()
  if (WORD === null) {
    same(await word.count(), 0, `the word EXERCISE in ${where}`)
    return
  }
  await word.waitFor()
  const marked = await page.evaluate((word) => [...document.querySelectorAll('main, main *')].some((element) => {
    const { width, height } = element.getBoundingClientRect()
    return width > 50 && height > 20 && ['::before', '::after'].some((part) => getComputedStyle(element, part).content.includes(word))
  }), WORD)
  must(marked, `${where} has no watermark ${WORD}`)
  const frame = await page.evaluate(() => getComputedStyle(document.body, '::after').boxShadow)
  must(frame.includes('inset'), `${where} has no frame`)
  must(await page.title().then((title) => title.includes(WORD)), `the window's title in ${where} does not say ${WORD}`)
}

await scenario(async () => {
  const page = await console_of('eva')
  await page.getByText('Only for those who have logged in').waitFor()
  await fits(page, 'the log-in')
  await picture(page, 'closed')
  await be(page, 'eva')
  await ask('fill the tunnel')
  await until('the finding of the tunnel', () => page.evaluate(async () => {
    const state = await (await fetch('api/state')).json()
    return state.stations.some((s) => s.state === 'finding')
  }))
  const grave = []
  for (const scheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme: scheme })
    for (const [size, viewport] of Object.entries(SIZES)) {
      if (size === 'wall' && (scheme === 'light' || given.mode === 'actual')) continue
      await page.setViewportSize(viewport)
      for (const [name] of ROOMS) {
        const where = `${name}, ${scheme}, ${size}`
        await room(page, name)
        await settled(page)
        await mode_of(page, where)
        await fits(page, where)
        if (size !== 'wall') grave.push(...await findings(page, where))
        await picture(page, `${name.toLowerCase()}-${scheme === 'dark' ? 'night' : 'day'}-${size}`)
      }
    }
  }
  await page.setViewportSize(SIZES.desk)
  // The dialogs that every room has.
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  grave.push(...await findings(page, 'the keys'))
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByText('Only for those who have logged in').waitFor()
  await page.getByRole('banner').getByRole('button', { name: 'Log in' }).click()
  grave.push(...await findings(page, 'the log-in'))
  for (const text of grave) say(`not accessible: ${text}`)
  same(grave.length, 0, 'serious findings of accessibility')
})
