import type { Draft } from '../api'
import { present } from '../hub'
import { level_word } from '../level'
import { link } from '../rooms'
import { both, words } from '../time'
import { me } from '../who'
import { question } from './asking'
import { desk, hindrance, is_open } from './desk'
import { Agreed, Due } from './DraftFacts'
import { button_class, the_message } from './modes'
import { name_of, usePreview } from './preview'
import { PreviewView } from './PreviewView'

/** Why this person may not do this to this draft now; `null` when they may. */
export function against(kind: 'approve' | 'refuse' | 'withdraw', draft: Draft): string | null {
  if (!is_open(draft)) return `This draft is ${draft.standing}.`
  const hindered = hindrance(kind)
  if (hindered) return hindered
  if (kind === 'approve' && draft.approvals.includes(me.value.name ?? '')) return 'You have agreed already; another person has to.'
  if (kind === 'withdraw' && draft.author !== me.value.name) return 'Only its author can withdraw it.'
  return null
}

/** One draft with all that there is to know before it is decided. */
export function DraftDetail({ draft: d }: { draft: Draft }) {
  const wish = { draft: d }
  const shown = usePreview(wish)
  const { mode } = present.value
  const open = is_open(d)
  const [approve, refuse, withdraw] = [against('approve', d), against('refuse', d), against('withdraw', d)]
  const zones = Object.entries(d.weight.zones).map(([id, grade]) => `${desk.value?.zones.find((z) => z.id === id)?.name ?? id}: ${d.ending ? 'called back' : level_word(grade).toLowerCase()}`)
  // A limit in a tunnel is a message without a wave.
  const tsunami = present.value.events.some((e) => e.id === d.event)
  const own = d.author === me.value.name
  return (
    <article class="card draft-detail" data-mode={mode} aria-labelledby="draft-h">
      <h2 id="draft-h">{open ? 'Waits for a decision' : words(d.standing)} <span class="soft">{d.author === 'system' ? 'proposed by the hub' : `written by ${d.author}`} at {both(d.proposed_us)}</span></h2>
      {open && <Due draft={d} />}
      <Agreed draft={d} />
      <p><span class="soft">Because:</span> {d.reason || 'no reason given'}. {tsunami && <>{d.weight.observed && <strong>The wave has been observed. </strong>}<a href={link('event', d.event)}>The event</a></>}</p>
      <p class="soft">{zones.join('; ')}</p>
      {open && (
        <div class="decide-buttons">
          <p class="buttons">
            <button type="button" class={button_class(mode)} disabled={approve !== null} onClick={() => { question.value = { kind: 'approve', draft: d } }}>Approve {the_message(mode)}... <kbd>a</kbd></button>
            <button type="button" disabled={refuse !== null} onClick={() => { question.value = { kind: 'refuse', draft: d } }}>Refuse... <kbd>r</kbd></button>
            {own && <button type="button" disabled={withdraw !== null} onClick={() => { question.value = { kind: 'withdraw', draft: d } }}>Withdraw... <kbd>t</kbd></button>}
          </p>
          {[...new Set([approve, refuse].filter((t): t is string => t !== null))].map((t) => <p key={t} class="soft">{t}</p>)}
        </div>
      )}
      {shown.preview && shown.preview.draft === d.id ? <PreviewView preview={shown.preview} /> : shown.trouble ? <p class="error" role="alert">The message cannot be seen: {shown.trouble}</p> : <p class="soft">Reading the message...</p>}
      {shown.of !== name_of(wish) && shown.preview?.draft === d.id && <p class="soft">Reading its newest words...</p>}
    </article>
  )
}
