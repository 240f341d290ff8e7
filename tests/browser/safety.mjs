// What only a browser shows of the hub's safety: which cookies scripts see, what another site's page can make it send, and that roles hold on the server
// whatever the page's own script does.

import { expect_fault, open_window, picture, scenario } from './browser.mjs'
import { be, console_of, log_in, PASSWORD, room } from './console.mjs'
import { ask, given, must, same, until } from './test.mjs'

/** Another site on this machine: another port is another origin, and the cookies of 127.0.0.1 go there too unless the server minds. */
const ELSEWHERE = 'http://127.0.0.1:9/'

/** What the hub answers to the page's own script. */
const by_script = (page, path, body, headers) => page.evaluate(async ([path, body, headers]) => {
  const answer = await fetch(path, { method: 'POST', headers, body })
  return answer.status
}, [path, body, headers])

await scenario(async () => {
  // A wrong password says so, keeps the name, and forgets the password.
  const eva = await console_of('eva')
  await log_in(eva, 'eva', 'not the password of anybody')
  const dialog = eva.getByRole('dialog', { name: 'Log in' })
  await until('a sentence about the wrong password', async () => (await dialog.getByRole('alert').innerText()) !== '')
  same(await dialog.getByLabel('Name').inputValue(), 'eva', 'the name after a wrong password')
  same(await dialog.getByLabel('Password').inputValue(), '', 'the password after a wrong one')
  await picture(eva, 'wrong-password')
  await eva.keyboard.press('Escape')
  await be(eva, 'eva')

  // Scripts see no session.
  const cookies = await eva.context().cookies()
  must(cookies.length > 0, 'no cookie after a log-in')
  for (const cookie of cookies) {
    must(cookie.httpOnly, `${cookie.name} can be read by scripts`)
    same(cookie.sameSite, 'Strict', `${cookie.name} goes along from other sites`)
  }
  same(await eva.evaluate(() => document.cookie), '', 'cookies that a script sees')
  const kept = await eva.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
  must(!kept.includes(PASSWORD) && !cookies.some((c) => kept.includes(c.value)), 'a secret lies in the browser’s storage')

  // Roles are the server's: an operator's page that asks all the same is refused.
  await ask('fill the tunnel')
  const drafts = () => eva.evaluate(async () => (await (await fetch('api/desk')).json()).drafts)
  const [draft] = await until('a draft', async () => { const all = await drafts(); return all.length > 0 && all })
  const approval = JSON.stringify({ action: 'approve', draft: draft.id, digest: draft.digest })
  const own = { 'X-Watchfire': '1', 'Content-Type': 'application/json' }
  same(await by_script(eva, 'api/desk', approval, own), 403, 'an operator’s approval')
  await room(eva, 'Decide')
  must(await eva.getByRole('button', { name: /^Approve / }).isDisabled(), 'an operator is offered to approve')

  // An approver's browser that is led to another site's page: nothing that page sends is an approval.
  const ana = await console_of('ana')
  await be(ana, 'ana')
  same(await by_script(ana, 'api/desk', approval, { 'Content-Type': 'application/json' }), 403, 'a request without the header of the page')
  expect_fault('CORS', 'another origin asks')
  expect_fault('net::ERR_FAILED', 'another origin asks')
  const page = await ana.context().newPage()
  await page.route(`${ELSEWHERE}**`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>elsewhere</title><form method="post" enctype="text/plain"><input name="a"></form>' }))
  const answers = []
  page.on('response', (answer) => { if (answer.url().startsWith(given.hub)) answers.push([answer.request().method(), answer.status()]) })
  await page.goto(ELSEWHERE)
  await page.evaluate(async ([hub, body]) => {
    const send = (options) => fetch(`${hub}api/desk`, { method: 'POST', credentials: 'include', body, ...options }).catch(() => null)
    await send({ mode: 'no-cors', headers: { 'Content-Type': 'text/plain' } })
    await send({ headers: { 'Content-Type': 'application/json', 'X-Watchfire': '1' } })
  }, [given.hub, approval])
  const [form] = await Promise.all([page.waitForNavigation(), page.evaluate((hub) => {
    const form = document.forms[0]
    form.action = `${hub}api/desk`
    form.submit()
  }, given.hub)])
  must(form.status() >= 400, `a form of another site was answered with ${form.status()}`)
  must(answers.length > 0, 'no request of the other site came to the hub')
  for (const [method, status] of answers) must(status >= 400, `${method} of another site was answered with ${status}`)
  same((await drafts()).find((d) => d.id === draft.id).approvals, [], 'approvals after another site asked')
  // Nor can it show the console inside itself.
  await page.goto(ELSEWHERE)
  await page.evaluate((hub) => { const frame = document.createElement('iframe'); frame.src = hub; document.body.append(frame); return new Promise((done) => { frame.onload = done; setTimeout(done, 3000) }) }, given.hub)
  const framed = page.frames().find((frame) => frame !== page.mainFrame())
  same(await framed.evaluate(() => document.getElementById('console')).catch(() => null), null, 'the console in another site’s frame')
  await page.close()

  // The plain page, for whoever has no other: log-in and state.
  const plain = await open_window()
  plain.whose = 'plain'
  await plain.goto(new URL('plain', given.hub).href)
  await plain.getByRole('button', { name: 'Log in' }).first().click()
  await plain.getByLabel('Name', { exact: true }).fill('ana')
  await plain.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await plain.keyboard.press('Enter')
  await plain.getByText('ana (approver)').waitFor()
  await plain.getByText('The tunnel is full', { exact: false }).first().waitFor()
  must(await plain.getByText('EXERCISE', { exact: true }).first().isVisible(), 'the plain page does not say EXERCISE')
  await picture(plain, 'page')
})
