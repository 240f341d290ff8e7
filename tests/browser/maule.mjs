// Two officers' whole path through the Maule record, by mouse or by keyboard alone: ana watches and agrees first, ben agrees second, eva writes.

import { picture, scenario } from './browser.mjs'
import { be, console_of, fits, room } from './console.mjs'
import { both_approve, call_back, draft, tab, waiting, write } from './desk.mjs'
import { look_back } from './history.mjs'
import { given, ask, must, same, say, until } from './test.mjs'

/** A countdown as `1:23:45` or `04:07`, seconds. */
function seconds(text) {
  const found = /(?:(\d+):)?(\d\d):(\d\d)/.exec(text)
  return found ? Number(found[1] ?? 0) * 3600 + Number(found[2]) * 60 + Number(found[3]) : null
}

const zone_row = (page, name) => page.getByRole('region', { name: 'Arrival by zone' }).getByRole('row').filter({ hasText: name })
const types = async () => (await ask('messages')).map((m) => m.type)

await scenario(async () => {
  const [ana, ben] = [await console_of('ana', given.hands), await console_of('ben', given.hands)]
  await be(ana, 'ana')
  await be(ben, 'ben')

  // A quiet sea: no event, and that is not called safe.
  await room(ana, 'Watch')
  await ask('play to', 4)
  await ana.getByRole('heading', { name: 'No tsunami event' }).waitFor()
  await picture(ana, '1-quiet')

  // The earthquake is told. Nobody reloads: the event is there, and a draft is announced in whatever room the officer is.
  const { waits } = await ask('play to a draft', 30)
  must(waits, 'no draft after the earthquake')
  const brief = ana.getByRole('heading', { name: /8\.8/ })
  await brief.waitFor()
  await ana.getByRole('link', { name: /A draft waits/ }).waitFor()
  await fits(ana, 'Watch in an event')
  await picture(ana, '2-watch')

  // The event: what it is, and a countdown to each coast that counts.
  await ana.hands.press(brief.getByRole('link'))
  const valparaiso = zone_row(ana, 'Valparaíso')
  await valparaiso.waitFor()
  const first = seconds(await valparaiso.innerText())
  must(first !== null && first > 0, `no countdown for Valparaíso in ${await valparaiso.innerText()}`)
  await until('the countdown to count', async () => seconds(await valparaiso.innerText()) < first)
  await fits(ana, 'Event')
  await picture(ana, '3-event', { fullPage: true })

  // The draft, as each audience will read it.
  await waiting(ana, 1)
  const english = await tab(ana, 'English')
  must(english.includes('EXERCISE EXERCISE EXERCISE'), `the English text does not say EXERCISE: ${english}`)
  const spanish = await tab(ana, 'Español')
  must(spanish.includes('SIMULACRO SIMULACRO SIMULACRO') && /tsunami/i.test(spanish), `the Spanish text: ${spanish}`)
  await picture(ana, '4-decide', { fullPage: true })
  same(await types(), [], 'messages before anybody has agreed')
  await both_approve(ana, ben)
  await until('the message is issued', async () => (await types()).length === 1)
  same((await ask('feed')).length, 1, 'messages in the feed')
  await room(ana, 'Watch')
  await ana.getByRole('heading', { name: 'Alerts in force: 1' }).waitFor()
  await picture(ana, '5-in-force')

  // Three hours later a station sees the wave: that is more than was agreed to, so it is asked for again.
  must((await ask('play to a draft', 300)).waits, 'no draft when the wave was seen')
  await ana.getByText('Confirmed: stations see the wave').waitFor()
  await room(ana, 'Event')
  await picture(ana, '6-confirmed', { fullPage: true })
  await waiting(ana, 1)
  await both_approve(ana, ben)
  await until('the update is issued', async () => (await types()).at(-1) === 'Update')
  // What the records say renews the forecast: within the level it goes out under the approval that was given, beyond it it is asked for again.
  const before = (await types()).length
  while ((await ask('play to a draft', 400)).waits) {
    await waiting(ana, 1)
    await both_approve(ana, ben)
  }
  must((await types()).length > before, 'the renewed forecast brought no update')
  same((await types()).slice(0, 2), ['Alert', 'Update'], 'what was told')
  await room(ana, 'Event')
  await picture(ana, '7-observed', { fullPage: true })

  // All clear, by two again.
  must((await ask('play to a draft', 900)).waits, 'no draft of the all clear')
  await waiting(ana, 1)
  await draft(ana).getByText('Calls back', { exact: false }).first().waitFor()
  await picture(ana, '8-all-clear', { fullPage: true })
  await both_approve(ana, ben)
  await until('the cancellation is issued', async () => (await types()).at(-1) === 'Cancel')
  await room(ana, 'Watch')
  await ana.getByText('None of ours.').waitFor()

  // A message of one's own that turns out to be wrong: eva writes it, two agree, ana calls it back.
  const eva = await console_of('eva', given.hands)
  await be(eva, 'eva')
  const headline = 'Strong currents in the harbour'
  await write(eva, { zone: 'Valparaíso', level: 'Advisory', words: {
    English: { headline, text: 'Strong currents until the evening. Stay out of the water.' },
    Español: { headline: 'Corrientes fuertes en el puerto', text: 'Corrientes fuertes hasta la noche. No entre al agua.' },
  } })
  await picture(eva, '9-written', { fullPage: true })
  const sent = (await types()).length
  await waiting(ana, 1)
  await both_approve(ana, ben)
  await until('the written message is issued', async () => (await types()).length === sent + 1)
  await call_back(ana, headline)
  await until('the correction is issued', async () => (await types()).length === sent + 2)
  const last = (await ask('messages')).at(-1)
  same(last.type, 'Cancel', 'the last message')
  await picture(ana, '10-called-back', { fullPage: true })
  if (given.hands === 'mouse') await look_back(ana, /8\.8/)
  say((await ask('messages')).map((m) => `${m.type}: ${m.headline}`).join('\n'))
})
