import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { Desk, Grade, MapView } from '../api'
import { useAsked } from '../event/detail'
import { present, present_us } from '../hub'
import { level_word, RANK } from '../level'
import { can_be_corrected, question } from './asking'
import { levels } from './cap'
import { hindrance } from './desk'
import { button_class, is_real, the_message } from './modes'
import { OutlineMap } from './OutlineMap'
import { usePreview } from './preview'
import { PreviewView } from './PreviewView'
import { useStanding } from './standing'
import { empty, form, go_on_with, HEADLINE_MAX, is_empty, message, NO_WORDS, TEXT_MAX, type Form, type Words } from './written'

/** Whoever types is answered when they rest. */
const REST_MS = 600
const LEVELS: Grade[] = ['information', 'advisory', 'warning', 'major']

/** A message of one's own: whom it is for, what it says in each language, and at once how each audience will read it. */
export function Write({ desk, close }: { desk: Desk; close: () => void }) {
  const head = useRef<HTMLHeadingElement>(null)
  useEffect(() => head.current?.focus(), [])
  const { mode } = present.value
  const f = form.value
  const set = (part: Partial<Form>) => { form.value = { ...form.value, ...part } }
  const hindered = hindrance('propose')
  const written = message(f)
  const shown = usePreview(is_empty(f) || hindered !== null ? null : { message: written }, REST_MS)
  const ready = hindered === null && shown.preview !== null && shown.trouble === '' && !is_empty(f)
  const propose = (event: Event) => {
    event.preventDefault()
    if (hindered !== null || is_empty(f)) return
    question.value = { kind: 'write', message: written, done: () => { form.value = empty(); close() } }
  }
  return (
    <section class="card write" aria-labelledby="write-h" data-mode={mode}>
      <h2 id="write-h" ref={head} tabIndex={-1}>Write a message</h2>
      <p><strong>{is_real(mode)}</strong> Another person has to approve it before it goes out.</p>
      {hindered && <p class="condition" role="status">{hindered} What you write is kept while this page is open.</p>}
      <form class="write-columns" onSubmit={propose}>
        <div>
          <Which desk={desk} />
          <Zones desk={desk} />
          {desk.languages.map((l, n) => <Language key={l.tag} tag={l.tag} name={l.name} needed={n === 0} />)}
        </div>
        <div class="write-preview">
          <h3>As it will be read</h3>
          {is_empty(f) ? <p class="empty">Choose zones and write: what each audience will read appears here.</p> : (
            <>
              <p class="soft" role="status">{shown.trouble ? <span class="error">Not ready yet: {shown.trouble}</span> : shown.busy ? 'Reading...' : 'This is what goes out.'}</p>
              <Silent desk={desk} />
              {shown.preview && <PreviewView preview={shown.preview} />}
            </>
          )}
        </div>
        <p class="buttons write-foot">
          <button type="submit" class={button_class(mode)} disabled={!ready}>Propose {the_message(mode)}...</button>
          <button type="button" onClick={close}>Close (what is written stays)</button>
          <button type="button" onClick={() => set(empty())} disabled={is_empty(f)}>Clear</button>
        </p>
      </form>
    </section>
  )
}

/** Languages that the message leaves out: whoever reads only those is told nothing. */
function Silent({ desk }: { desk: Desk }) {
  const written = message(form.value).words
  const left_out = desk.languages.filter((l) => !(l.tag in written))
  return left_out.length > 0 && <p><strong>Says nothing in {left_out.map((l, n) => <span key={l.tag}>{n > 0 && ', '}<span lang={l.tag}>{l.name}</span></span>)}.</strong></p>
}

/** What kind of message: a new one, one that goes on with what is in force, a call-back of it. */
function Which({ desk }: { desk: Desk }) {
  const f = form.value
  const set = (part: Partial<Form>) => { form.value = { ...form.value, ...part } }
  const alerts = can_be_corrected(present_us.value)
  const gone = f.event !== '' && !alerts.some((a) => a.event === f.event)
  return (
    <fieldset>
      <legend>What it is</legend>
      <label>Event
        <select value={f.event} onChange={(e) => { form.value = go_on_with(f, alerts.find((a) => a.event === e.currentTarget.value) ?? null, desk.zones) }}>
          <option value="">A new event</option>
          {alerts.map((a) => <option key={a.event} value={a.event}>Goes on with: {a.headline}</option>)}
          {gone && <option value={f.event}>{f.event} (no longer in force)</option>}
        </select>
      </label>
      {f.event !== '' && <label class="check"><input type="checkbox" checked={f.cancels} onChange={(e) => set({ cancels: e.currentTarget.checked })} /> It calls back what is in force</label>}
      <label>Level
        <select value={f.level} onChange={(e) => set({ level: e.currentTarget.value as Grade })}>
          {LEVELS.map((l) => <option key={l} value={l}>{level_word(l)}</option>)}
        </select>
      </label>
      <label class="check"><input type="checkbox" checked={f.tsunami} onChange={(e) => set({ tsunami: e.currentTarget.checked })} /> It is about a tsunami</label>
    </fieldset>
  )
}

function Zones({ desk }: { desk: Desk }) {
  const f = form.value
  const { xml } = useStanding(f.event)
  const now = useMemo(() => (xml === null ? new Map<string, string>() : levels(xml)), [xml])
  const map = useAsked<MapView>('api/map', 0, 'This hub tells no outlines.')
  const chosen = new Set(f.zones)
  const turn = (id: string) => {
    const on = new Set(form.value.zones)
    if (!on.delete(id)) on.add(id)
    // In the order of the deployment, whatever the order of the clicks.
    form.value = { ...form.value, zones: desk.zones.map((z) => z.id).filter((z) => on.has(z)) }
  }
  const all = f.zones.length === desk.zones.length
  const outlines = (map.value?.zones ?? []).filter((z) => desk.zones.some((d) => d.id === z.id)).map((z) => ({ name: z.name, polygon: [z.polygon] }))
  const named = new Set(desk.zones.filter((z) => chosen.has(z.id)).map((z) => z.name))
  return (
    <fieldset>
      <legend>Zones ({f.zones.length} of {desk.zones.length})</legend>
      <div class="write-zones">
        <div>
          {desk.zones.map((z) => <label key={z.id} class="check"><input type="checkbox" checked={chosen.has(z.id)} onChange={() => turn(z.id)} /> {z.name}{now.has(z.id) && <span class="soft"> now {level_word(now.get(z.id) as Grade).toLowerCase()}</span>}</label>)}
          <button type="button" onClick={() => { form.value = { ...form.value, zones: all ? [] : desk.zones.map((z) => z.id) } }}>{all ? 'None' : 'All'}</button>
        </div>
        {outlines.length > 0 && <OutlineMap areas={outlines} chosen={named} pick={(name) => { const zone = desk.zones.find((z) => z.name === name); if (zone) turn(zone.id) }} />}
        <Shift desk={desk} now={now} />
        {map.trouble && <p class="soft">No map of the zones: {map.trouble}</p>}
      </div>
    </fieldset>
  )
}

/** A message says one level for all its zones: which of them it raises or lowers against what is in force must be seen. */
function Shift({ desk, now }: { desk: Desk; now: ReadonlyMap<string, string> }) {
  const f = form.value
  if (now.size === 0 || f.cancels) return null
  const rank = (level: string | undefined) => RANK[(level ?? 'none') as Grade] ?? 0
  const names = (keep: (id: string) => boolean) => desk.zones.filter((z) => keep(z.id)).map((z) => z.name).join(', ')
  const chosen = new Set(f.zones)
  const raised = names((id) => chosen.has(id) && rank(f.level) > rank(now.get(id)))
  const lowered = names((id) => chosen.has(id) && rank(f.level) < rank(now.get(id)))
  const left_out = names((id) => !chosen.has(id) && now.has(id))
  return (
    <div class="write-shift" role="status">
      {raised && <p><strong>Raises to {level_word(f.level).toLowerCase()}:</strong> {raised}</p>}
      {lowered && <p><strong>Lowers to {level_word(f.level).toLowerCase()}:</strong> {lowered}</p>}
      {left_out && <p><strong>Says nothing any more of:</strong> {left_out}</p>}
    </div>
  )
}

function Language({ tag, name, needed }: { tag: string; name: string; needed: boolean }) {
  const own = form.value.words[tag] ?? NO_WORDS
  const set = (part: Partial<Words>) => { form.value = { ...form.value, words: { ...form.value.words, [tag]: { ...NO_WORDS, ...form.value.words[tag], ...part } } } }
  return (
    <fieldset>
      <legend><span lang={tag}>{name}</span> {needed ? '(needed)' : <span class="soft">(left out when empty)</span>}</legend>
      <label>Headline <span class="soft">{[...own.headline].length} of {HEADLINE_MAX}</span>
        <input lang={tag} value={own.headline} onInput={(e) => set({ headline: e.currentTarget.value })} />
      </label>
      <label>What happens <span class="soft">{[...own.text].length} of {TEXT_MAX}</span>
        <textarea lang={tag} rows={3} value={own.text} onInput={(e) => set({ text: e.currentTarget.value })} />
      </label>
      <label>What to do <span class="soft">without it: follow the local authorities</span>
        <textarea lang={tag} rows={2} value={own.instruction} onInput={(e) => set({ instruction: e.currentTarget.value })} />
      </label>
    </fieldset>
  )
}
