import { useSignal } from '@preact/signals'
import type { EventDetail, EventView } from '../api'
import { desk } from '../decide/desk'
import { now_us, shown } from '../hub'
import { both, day, hms, iso } from '../time'
import { KINDS, timeline, type Item, type Kind } from './timeline'

/** Items that are written at first. */
const FIRST = 40

/** What happened and why, newest first. */
export function Timeline({ event, detail, trouble }: { event: EventView; detail: EventDetail | null; trouble: string }) {
  const hidden = useSignal<ReadonlySet<Kind>>(new Set())
  const all = useSignal(false)
  const { timeline: lines, situations, alerts } = shown.value
  const now = now_us.value
  const items = timeline(event, detail, lines, situations, alerts, (desk.value?.drafts ?? []).filter((d) => d.proposed_us <= now))
  const listed = items.filter((i) => !hidden.value.has(i.kind))
  const turn = (kind: Kind) => { const next = new Set(hidden.value); if (!next.delete(kind)) next.add(kind); hidden.value = next }
  const more = situations.filter((s) => s.events.includes(event.id)).reduce((n, s) => n + s.more, 0)
  return (
    <section class="card watermark" aria-labelledby="timeline-h">
      <h2 id="timeline-h">What happened, and why</h2>
      <div class="filters" role="group" aria-label="Kinds shown">
        {KINDS.map((k) => (
          <button key={k.id} type="button" aria-pressed={!hidden.value.has(k.id)} title={k.what} onClick={() => turn(k.id)}>
            {k.name} ({items.filter((i) => i.kind === k.id).length})
          </button>
        ))}
      </div>
      {trouble && <p class="soft">Earlier forecasts are not shown: {trouble}</p>}
      {listed.length === 0 ? <p class="empty">Nothing of these kinds.</p> : (
        <ol class="timeline">{(all.value ? listed : listed.slice(0, FIRST)).map((item, n) => <Told key={item.key} item={item} before={listed[n - 1]} />)}</ol>
      )}
      {more > 0 && <p class="soft">{more} more findings of the situation are not listed here.</p>}
      {listed.length > FIRST && !all.value && <button type="button" onClick={() => { all.value = true }}>Show all {listed.length}</button>}
    </section>
  )
}

function Told({ item, before }: { item: Item; before: Item | undefined }) {
  const date = day(item.time_us)
  return (
    <li data-kind={item.kind}>
      <time dateTime={iso(item.time_us)} title={both(item.time_us)}>{(!before || day(before.time_us) !== date) && <span class="timeline-day">{date}</span>}{hms(item.time_us)}</time>
      <div>
        <p><span class="timeline-kind">{KINDS.find((k) => k.id === item.kind)?.name}</span> <strong>{item.title}</strong></p>
        {item.text.map((text, n) => <p key={n}>{text}</p>)}
        {item.because && <p class="because"><span class="soft">Because:</span> {item.because}</p>}
        {item.file && <p class="no-print"><a href={`bulletin/${item.file.replace(/\.xml$/, '.txt')}`}>Bulletin</a> <a href={`cap/${item.file}`}>CAP</a></p>}
      </div>
    </li>
  )
}
