// The words of a real message and of a drill. They never share a sentence, a button or a colour: in Hawaii in 2018 they did.

import type { Draft, Mode } from '../api'

export const button_class = (mode: Mode) => (mode === 'actual' ? 'real' : 'drill')
/** `the REAL message`, `the EXERCISE message`. */
export const the_message = (mode: Mode) => (mode === 'actual' ? 'the REAL message' : mode === 'exercise' ? 'the EXERCISE message' : 'the TEST message')

/** What must be known before anything is confirmed. */
export const is_real = (mode: Mode) => mode === 'actual'
  ? 'This is REAL. People will act on it.'
  : `This is ${mode === 'exercise' ? 'an EXERCISE' : 'a TEST'}. Nobody is in danger, and the message says so in every language.`

/** Whether a draft goes out once this person has agreed: enough have, and one of them is not its author. */
export function would_issue(draft: Draft, by: string): boolean {
  const agreed = [...draft.approvals.filter((name) => name !== by), by]
  return agreed.length >= draft.gate.approvals && agreed.some((name) => name !== draft.author)
}

/** Names are compared without case, accents and doubled spaces: it is no spelling test. */
export const folded = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim()
