// A script's talk with the Rust test that started it. The test gives what the script needs in WATCHFIRE_TEST; whatever only the test can do - move
// the time, publish readings, kill the hub - the script asks for, one line of JSON out and one back.

import { createInterface } from 'node:readline'
import process from 'node:process'

/** What the test gave: at least `hub` (address), `pictures` (folder), `name`. */
export const given = JSON.parse(process.env.WATCHFIRE_TEST ?? '{}')

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

/** Asks the test to do something; gives its answer. */
export async function ask(what, of = null) {
  process.stdout.write(`ask ${JSON.stringify({ what, of })}\n`)
  const { value, done } = await answers.next()
  if (done) throw new Error(`the test is gone: nobody did "${what}"`)
  return JSON.parse(value)
}

/** Says something for the test's log. */
export const say = (...words) => console.log(...words)

/** Fails the script with a sentence. */
export function must(holds, sentence) {
  if (!holds) throw new Error(sentence)
}

/** Fails unless the two are equal. */
export function same(found, expected, sentence) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${sentence}: found ${a}, not ${b}`)
}

/** Looks until it gives something; patience is long, and reaching its end is a failure. */
export async function until(sentence, look, patience_ms = 90_000) {
  const begun = Date.now()
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() - begun > patience_ms) throw new Error(`never happened: ${sentence}`)
    await new Promise((go) => setTimeout(go, 100))
  }
}
