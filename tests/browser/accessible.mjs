// What axe-core finds. Serious and critical findings fail; lesser ones are said.

import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { say } from './test.mjs'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Lets axe look at the page, in a world of its own that the page's policy does not bind; gives the grave findings as sentences. */
export async function findings(page, where) {
  await page.evaluate(source)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  const told = violations.map((v) => ({ impact: v.impact, text: `${where}: ${v.impact}: ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} (${n.failureSummary?.split('\n')[1]?.trim() ?? ''})`).join(' | ')}` }))
  for (const { impact, text } of told) if (impact !== 'serious' && impact !== 'critical') say(text)
  return told.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ text }) => text)
}
