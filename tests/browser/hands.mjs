// The same act by mouse or by keyboard alone. With the keyboard a thing is reached as a person reaches it: by Tab until it has the focus - what Tab does
// not reach, the keyboard cannot use.

import { must } from './test.mjs'

/** More stops than any room has. */
const STOPS = 400

const focused = (target) => target.evaluate((element) => element === document.activeElement)

/** Brings the focus to a thing by Tab; from behind it by Shift+Tab, as an officer would. */
export async function reach(page, target) {
  await target.waitFor()
  if (await focused(target)) return
  const behind = await target.evaluate((element) => {
    const at = document.activeElement
    return at !== null && at !== document.body && (at.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_PRECEDING) !== 0
  })
  for (let stop = 0; stop < STOPS; stop += 1) {
    await page.keyboard.press(behind ? 'Shift+Tab' : 'Tab')
    if (await focused(target)) return
  }
  const what = await target.evaluate((element) => element.outerHTML.slice(0, 200))
  throw new Error(`no Tab leads to ${what}`)
}

/** Hands that use the mouse, or nothing but keys. */
export const hands = (page, kind) => kind === 'keyboard' ? keyboard(page) : mouse(page)

const mouse = (page) => ({
  kind: 'mouse',
  press: (target) => target.click(),
  type: (target, text) => target.fill(text),
  tick: (target) => target.check(),
  choose: (target, label) => target.selectOption({ label }),
  focus: (target) => target.focus(),
})

function keyboard(page) {
  // Whatever the script does, no mouse: a call is a mistake of the script.
  for (const call of ['click', 'dblclick', 'move', 'down', 'up', 'wheel']) page.mouse[call] = () => { throw new Error(`mouse.${call} in a run by keyboard`) }
  return {
    kind: 'keyboard',
    press: async (target) => {
      await reach(page, target)
      await page.keyboard.press('Enter')
    },
    type: async (target, text) => {
      await reach(page, target)
      await page.keyboard.press('Control+A')
      await page.keyboard.type(text)
    },
    tick: async (target) => {
      await reach(page, target)
      if (!(await target.isChecked())) await page.keyboard.press('Space')
      must(await target.isChecked(), 'Space does not tick the box')
    },
    choose: async (target, label) => {
      await reach(page, target)
      // A list takes the first letters of what is wanted.
      await page.keyboard.type(label)
      const chosen = await target.evaluate((list) => list.selectedOptions[0]?.textContent)
      must(chosen === label, `typing ${label} chooses ${chosen}`)
    },
    focus: (target) => reach(page, target),
  }
}
