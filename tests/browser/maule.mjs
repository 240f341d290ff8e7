// Two officers' whole path through the Maule record, by mouse or by keyboard alone.

import { picture, scenario } from './browser.mjs'
import { be, console_of, room } from './console.mjs'
import { given, ask, must, say } from './test.mjs'

await scenario(async () => {
  const ana = await console_of('ana', given.hands)
  await be(ana, 'ana')
  await room(ana, 'Watch')
  await picture(ana, '1-quiet')
  const { waits } = await ask('play to a draft', 30)
  must(waits, 'no draft after the earthquake')
  await room(ana, 'Event')
  await picture(ana, '2-event')
  await room(ana, 'Decide')
  await picture(ana, '3-decide')
  say(await ask('messages'))
})
