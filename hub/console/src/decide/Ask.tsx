import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Draft } from '../api'
import { present } from '../hub'
import { me } from '../who'
import { confirm, fresh_draft, is_current, PERMISSION, question, successor, wish_of, type Question } from './asking'
import { hindrance } from './desk'
import { Agreed, Due } from './DraftFacts'
import { button_class, folded, is_real, the_message, would_issue } from './modes'
import { name_of, usePreview } from './preview'
import { PreviewView } from './PreviewView'

/** The dialog of the second step; there is one for the page. */
export function Ask() {
  const q = question.value
  return q && <Dialog q={q} />
}

const TITLE: Record<Question['kind'], string> = { approve: 'Approve', refuse: 'Refuse', withdraw: 'Withdraw', correct: 'Sent in error: call back', write: 'Propose' }

function Dialog({ q }: { q: Question }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const typed = useSignal('')
  const reason = useSignal('')
  const error = useSignal('')
  const busy = useSignal(false)
  const shown = usePreview(wish_of(q))
  const { mode } = present.value
  const preview = shown.of === name_of(wish_of(q)) ? shown.preview : null
  const { draft } = 'draft' in q ? q : { draft: null }

  useEffect(() => {
    const before = document.activeElement
    return () => { if (before instanceof HTMLElement && before.isConnected) before.focus() }
  }, [])
  // A dialog that was closed a moment ago may be wanted again before its `close` has been told.
  useEffect(() => { if (dialog.current && !dialog.current.open) dialog.current.showModal() }, [q])
  // Another draft is another decision: what was confirmed for the one before is not for this one.
  useEffect(() => {
    typed.value = ''
    dialog.current?.querySelector<HTMLElement>('[data-first]')?.focus()
  }, [q.kind, draft?.id, draft?.digest])

  const goes_out = q.kind === 'approve' || q.kind === 'correct' || q.kind === 'write'
  const names = (preview ? preview.areas.map((a) => a.name) : q.kind === 'correct' ? q.alert.areas : []).filter((n) => n !== '')
  const asks_name = goes_out && mode === 'actual'
  // Where a message names no area there is still something to type: nothing real goes out by one key.
  const wanted = names.length > 0 ? names : ['REAL']
  const named = !asks_name || wanted.some((n) => folded(n) === folded(typed.value))
  const current = is_current(q)
  const blocked = hindrance(PERMISSION[q.kind])
    ?? (!current ? 'This draft is another by now.' : null)
    // The words of a call-back are ready beforehand: that they cannot be shown must not keep a false alarm in force.
    ?? (goes_out && !preview && !(q.kind === 'correct' && shown.trouble) ? (shown.trouble ? `It cannot be seen, so it cannot be confirmed: ${shown.trouble}` : 'Reading the message...') : null)

  const submit = async (event: Event) => {
    event.preventDefault()
    if (busy.value || blocked) return
    if (!named) {
      error.value = `Type the name of ${wanted.length > 1 ? 'one of the areas' : 'the area'}, for example "${wanted[0]}".`
      dialog.current?.querySelector<HTMLElement>('[data-first]')?.focus()
      return
    }
    busy.value = true
    error.value = ''
    error.value = (await confirm(q, preview?.digest ?? '', reason.value.trim())) ?? ''
    busy.value = false
  }

  return (
    <dialog ref={dialog} class="ask" data-mode={mode} aria-labelledby="ask-h" onClose={() => { if (!dialog.current?.open) question.value = null }}>
      <form onSubmit={(e) => void submit(e)}>
        {mode !== 'actual' && <p class={`band ${mode}`}><strong>{mode.toUpperCase()}</strong></p>}
        <h2 id="ask-h">{TITLE[q.kind]} {q.kind === 'write' ? 'this message' : the_message(mode)}?</h2>
        {'instead' in q && q.instead && <p class="condition" role="alert"><strong>Not done: {q.instead}.</strong> What you see now is the draft that stands in its place. Read it before you agree.</p>}
        <p class="effect">{effect(q, draft && fresh_draft(draft))}</p>
        {goes_out && <p><strong>{is_real(mode)}</strong></p>}
        {draft && <Agreed draft={fresh_draft(draft)} />}
        {draft && current && <Due draft={fresh_draft(draft)} />}
        {!current && draft && <Gone draft={draft} kind={q.kind === 'write' || q.kind === 'correct' ? 'approve' : q.kind} />}
        {preview ? <PreviewView preview={preview} /> : shown.trouble ? <p class="error" role="alert">{shown.trouble}</p> : <p class="soft" role="status">Reading the message...</p>}
        <div class="ask-foot">
          {q.kind === 'refuse' && <label>Why, for the log<input data-first value={reason.value} maxLength={500} onInput={(e) => { reason.value = e.currentTarget.value }} /></label>}
          {asks_name && (
            <label>To confirm, type the name of {wanted.length > 1 ? 'one of the areas' : 'the area'} that this goes to: <b class="wanted">{wanted[0]}</b>
              <input data-first value={typed.value} autocomplete="off" spellcheck={false} maxLength={200} aria-describedby="ask-error" onInput={(e) => { typed.value = e.currentTarget.value; error.value = '' }} />
            </label>
          )}
          <p id="ask-error" class="error" role="alert">{error.value || (blocked ?? '')}</p>
          <p class="buttons">
            <button type="submit" class={button_class(mode)} aria-disabled={busy.value || blocked !== null} data-first={q.kind === 'refuse' || asks_name ? undefined : true}>{busy.value ? 'Asking the hub...' : yes(q, draft && fresh_draft(draft))}</button>
            <button type="button" onClick={() => dialog.current?.close()}>Back, nothing happens <kbd>Esc</kbd></button>
            {preview && preview.digest !== '' && <span class="soft">Text <code title={`SHA-256 of the words: ${preview.digest}`}>{preview.digest.slice(0, 8)}</code></span>}
          </p>
        </div>
      </form>
    </dialog>
  )
}

function Gone({ draft, kind }: { draft: Draft; kind: 'approve' | 'refuse' | 'withdraw' }) {
  const next = successor(draft)
  return (
    <p class="condition" role="alert">
      <strong>This draft was changed or decided while you looked.</strong>{' '}
      {next
        ? <button type="button" onClick={() => { question.value = { kind, draft: next, instead: 'the draft that you had opened has been replaced' } }}>Show the one in its place</button>
        : 'Nothing of this event waits any more.'}
    </p>
  )
}

function effect(q: Question, draft: Draft | null): string {
  const { mode } = present.value
  switch (q.kind) {
    case 'approve': {
      const what = q.draft.ending ? 'It calls back what is in force.' : 'It tells the public what you read below.'
      return draft && would_issue(draft, me.value.name ?? '') ? `${the_message(mode)} goes out at once. ${what}`.replace(/^t/, 'T') : `You agree; it goes out when another person has agreed too. ${what}`
    }
    case 'refuse': return q.draft.author === 'system'
      ? 'It does not go out. The event is proposed again only when it asks more. What is in force stays in force.' : `It does not go out. Only this text of ${q.draft.author} is refused.`
    case 'withdraw': return 'Your draft is taken back. What is in force stays in force.'
    case 'correct': return `Tells ${q.alert.areas.join(', ')} in every language that "${q.alert.headline}" was sent in error, and calls it back. It goes out at once; no second person is asked.`
    case 'write': return q.message.cancels ? 'Puts a call-back on the desk. It goes out when another person has approved it.' : 'Puts this message on the desk. It goes out when another person has approved it, never by waiting.'
  }
}

function yes(q: Question, draft: Draft | null): string {
  const { mode } = present.value
  switch (q.kind) {
    case 'approve': return draft && would_issue(draft, me.value.name ?? '') ? `Yes, send ${the_message(mode)} now` : `Yes, I agree to ${the_message(mode)}`
    case 'refuse': return `Refuse ${the_message(mode)}`
    case 'withdraw': return `Withdraw ${the_message(mode)}`
    case 'correct': return `Call ${the_message(mode)} back now`
    case 'write': return `Propose ${the_message(mode)}`
  }
}
