// The one question that is open: what is about to be done. The first step opens it with the preview, the second confirms it.

import { signal } from '@preact/signals'
import type { Alert, Draft, Written } from '../api'
import { present } from '../hub'
import { act, Refused, why } from '../requests'
import { desk, is_open, look_at_desk } from './desk'
import type { Wish } from './preview'

export type Question =
  | { kind: 'approve' | 'refuse' | 'withdraw'; draft: Draft; /** Why this draft stands here and not the one that was asked about. */ instead?: string }
  | { kind: 'correct'; alert: Alert }
  | { kind: 'write'; message: Written; done: () => void }

export const question = signal<Question | null>(null)
/** What came of the last decision. */
export const said = signal('')

export const PERMISSION = { approve: 'approve', refuse: 'refuse', withdraw: 'withdraw', correct: 'retract', write: 'propose' } as const

export const wish_of = (q: Question): Wish => ('draft' in q ? { draft: q.draft } : q.kind === 'correct' ? { correct: q.alert.event } : { message: q.message })

function body(q: Question, digest: string, reason: string): unknown {
  switch (q.kind) {
    // The digest of what is on the screen: nobody agrees to words that they have not seen. A hub without digests is sent none.
    case 'approve': return { action: 'approve', draft: q.draft.id, ...(digest === '' ? {} : { digest }) }
    case 'refuse': return { action: 'refuse', draft: q.draft.id, why: reason }
    case 'withdraw': return { action: 'withdraw', draft: q.draft.id }
    case 'correct': return { action: 'correct', event: q.alert.event }
    case 'write': return { action: 'write', message: q.message }
  }
}

/** Does it. Returns what went wrong, as a sentence; `null` when it is done. */
export async function confirm(q: Question, digest: string, reason: string): Promise<string | null> {
  try {
    const { text } = await act<{ text: string }>('api/desk', body(q, digest, reason))
    said.value = `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
    question.value = null
    if (q.kind === 'write') q.done()
    void look_at_desk()
    return null
  } catch (error) {
    const text = why(error)
    await look_at_desk()
    if (error instanceof Refused && error.status === 409 && 'draft' in q && question.value === q) {
      const next = successor(q.draft)
      if (next && q.kind === 'approve') {
        question.value = { kind: q.kind, draft: next, instead: text }
        return null
      }
      return text
    }
    if (!(error instanceof Refused)) return `${text} It is not known whether this was done: look at the desk before you repeat it.`
    return text
  }
}

/** What stands on the desk now in place of a draft: the same draft with other words, or the newest open one of its event. */
export function successor(draft: Draft): Draft | null {
  const open = (desk.value?.drafts ?? []).filter((d) => is_open(d) && d.event === draft.event && (d.id !== draft.id || d.digest !== draft.digest))
  return open.reduce<Draft | null>((best, d) => (best === null || d.proposed_us >= best.proposed_us ? d : best), null)
}

/** Whether the draft of a question still stands as it was when the question was opened. */
export function is_current(q: Question): boolean {
  if (!('draft' in q) || desk.value === null) return true
  const now = desk.value.drafts.find((d) => d.id === q.draft.id)
  return now !== undefined && is_open(now) && now.digest === q.draft.digest
}

/** The draft of a question with what has happened to it since: approvals, deadline. */
export const fresh_draft = (draft: Draft): Draft => desk.value?.drafts.find((d) => d.id === draft.id && d.digest === draft.digest) ?? draft

/** Messages that are in force and can be called back. */
export const can_be_corrected = (now_us: number): Alert[] => present.value.alerts.filter((a) => !a.superseded && a.expires_us >= now_us && a.msg_type !== 'Cancel')
