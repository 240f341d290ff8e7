import { signal, useComputed } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { present, present_us } from '../hub'
import { useKeys } from '../keys'
import { place } from '../rooms'
import { ask_for_login } from '../shell/Login'
import { hm, span } from '../time'
import { logged_in, may, me } from '../who'
import { can_be_corrected, question, said } from './asking'
import { Ask } from './Ask'
import { closed_drafts, desk, desk_seen_ms, desk_trouble, hindrance, open_drafts, unseen } from './desk'
import { against, DraftDetail } from './DraftDetail'
import { DraftList } from './DraftList'
import { the_message } from './modes'
import { Write } from './Write'
import './decide.css'

const chosen = signal<string | null>(null)
const writing = signal(false)
/** What the draft that is looked at is about: when a newer one takes its place, that one is looked at. */
let event_of_chosen: string | null = null

const current = () => {
  const all = [...open_drafts.value, ...closed_drafts.value]
  const found = all.find((d) => d.id === chosen.value)
  if (found && found.standing !== 'superseded') return found
  return open_drafts.value.find((d) => d.event === event_of_chosen) ?? found ?? open_drafts.value[0] ?? null
}

export function DecideRoom() {
  const draft = useComputed(current).value
  useEffect(() => { if (place.value.of !== null) chosen.value = place.value.of }, [place.value.of])
  useEffect(() => { event_of_chosen = draft?.event ?? null }, [draft?.event])
  useEffect(() => { if (!document.hidden) unseen.value = [] }, [unseen.value])
  useDecideKeys()
  if (!logged_in.value) {
    return (
      <section class="card">
        <h2>Decide</h2>
        {me.value.accounts
          ? <p>Drafts are for those who have logged in: a draft is no warning. <button type="button" class="main" onClick={ask_for_login}>Log in</button> <kbd>l</kbd></p>
          : <p>Nobody has an account at this hub, so nobody decides here: what it proposes goes out by itself, or this is a replay.</p>}
      </section>
    )
  }
  if (!may('view')) return <section class="card"><h2>Decide</h2><p>Your account ({me.value.roles.join(', ') || 'no role'}) may not see the desk.</p></section>
  const now = desk.value
  if (!now) return <section class="card"><h2>Decide</h2><p role="status">{desk_trouble.value ? `The desk is not seen: ${desk_trouble.value} Trying again.` : 'Looking at the desk...'}</p></section>
  const [open, closed] = [open_drafts.value, closed_drafts.value]
  return (
    <div class="decide-room" data-mode={present.value.mode}>
      {desk_trouble.value && <p class="condition" role="alert">The desk was last seen {span((performance.now() - desk_seen_ms.value) * 1e3)} ago: {desk_trouble.value} Trying again.</p>}
      {now.approvers < now.asked && <p class="condition">The gate asks {now.asked} persons and {now.approvers} can approve: messages fall to their deadline.</p>}
      <Hindered />
      <p class="said-now" role="status">{said.value}</p>
      <div class="decide-columns">
        <div>
          <section class="card" aria-labelledby="open-h">
            <h2 id="open-h">Waiting ({open.length})</h2>
            {open.length === 0 ? <p class="empty">Nothing waits for a decision.</p> : <DraftList label="Drafts that wait" drafts={open} chosen={writing.value ? null : draft?.id ?? null} choose={choose} />}
            <p class="buttons"><button type="button" onClick={write} disabled={writing.value}>Write a message <kbd>w</kbd></button></p>
          </section>
          <InForce />
          {closed.length > 0 && (
            <details class="card">
              <summary>Decided ({closed.length})</summary>
              <DraftList label="Drafts that were decided" drafts={closed} chosen={writing.value ? null : draft?.id ?? null} choose={choose} />
            </details>
          )}
        </div>
        <div>{writing.value ? <Write desk={now} close={() => { writing.value = false }} /> : draft ? <DraftDetail draft={draft} /> : <section class="card"><h2>Nothing is chosen</h2><p class="empty">Drafts appear here as soon as the hub or an officer proposes one. It sounds and is read out.</p></section>}</div>
      </div>
      <Ask />
    </div>
  )
}

/** Why nothing can be decided here now, once, at the top. */
function Hindered() {
  const all = (['approve', 'refuse', 'propose', 'retract'] as const).map(hindrance)
  const first = all[0] ?? null
  return first !== null && all.every((t) => t !== null) && <p class="condition" role="status">{first}</p>
}

function choose(id: string) {
  writing.value = false
  chosen.value = id
  // Where the columns are one, the draft that was chosen may be out of sight.
  if (window.matchMedia('(max-width: 62rem)').matches) requestAnimationFrame(() => document.getElementById('draft-h')?.scrollIntoView({ block: 'start' }))
}

function write() { writing.value = true }

/** What is in force and can be called back. */
function InForce() {
  const alerts = can_be_corrected(present_us.value)
  const hindered = hindrance('retract')
  const { mode } = present.value
  return (
    <section class="card" aria-labelledby="force-h">
      <h2 id="force-h">In force ({alerts.length})</h2>
      {alerts.length === 0 ? <p class="empty">No message of this hub is in force.</p> : (
        <ul class="in-force">
          {alerts.map((a) => (
            <li key={a.identifier}>
              <p><strong>{a.headline}</strong></p>
              <p class="soft">Sent {hm(a.sent_us)} UTC, holds until {hm(a.expires_us)} UTC. {a.areas.join('; ')}</p>
              <p><button type="button" data-correct={a.event} disabled={hindered !== null} onClick={() => { question.value = { kind: 'correct', alert: a } }}>Sent in error: call {the_message(mode)} back... <kbd>c</kbd></button></p>
            </li>
          ))}
        </ul>
      )}
      {alerts.length > 0 && hindered && <p class="soft">{hindered}</p>}
    </section>
  )
}

function useDecideKeys() {
  const step = (by: number) => {
    const list = open_drafts.value
    const at = list.findIndex((d) => d.id === current()?.id)
    const next = list[Math.min(Math.max(at + by, 0), list.length - 1)]
    if (next) choose(next.id)
  }
  const ask = (kind: 'approve' | 'refuse' | 'withdraw') => {
    const draft = current()
    const no = writing.value ? 'Close the message that you write first.' : draft ? against(kind, draft) : 'Nothing waits for a decision.'
    if (no !== null || !draft) said.value = no ?? ''
    else question.value = { kind, draft }
  }
  const correct = () => {
    const alerts = can_be_corrected(present_us.peek())
    const alert = alerts.find((a) => a.event === current()?.event) ?? (alerts.length === 1 ? alerts[0] : undefined)
    const no = hindrance('retract') ?? (alerts.length === 0 ? 'No message is in force.' : null)
    if (no !== null) said.value = no
    else if (alert) question.value = { kind: 'correct', alert }
    else document.querySelector<HTMLElement>('[data-correct]')?.focus()
  }
  useKeys([
    { key: 'j', what: 'Decide: next draft', act: () => step(1) },
    { key: 'k', what: 'Decide: draft before', act: () => step(-1) },
    { key: 'a', what: 'Decide: approve the draft (asks first)', act: () => ask('approve') },
    { key: 'r', what: 'Decide: refuse the draft (asks first)', act: () => ask('refuse') },
    { key: 't', what: 'Decide: withdraw one\'s own draft (asks first)', act: () => ask('withdraw') },
    { key: 'c', what: 'Decide: call back what was sent in error (asks first)', act: correct },
    { key: 'w', what: 'Decide: write a message', act: write },
    { key: 'Escape', what: 'Decide: close the message that is written; it is kept', act: () => { writing.value = false } },
  ])
}
