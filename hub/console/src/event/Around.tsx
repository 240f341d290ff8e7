import type { EventView, Relief, SirenZone } from '../api'
import { shown } from '../hub'
import { both, hm, number } from '../time'

/** What is not known: never shown as calm. */
export function Unanswered({ event }: { event: EventView }) {
  return (
    <section class="card" aria-labelledby="unanswered-h">
      <h2 id="unanswered-h">Nothing can be said about</h2>
      {event.unanswered.length === 0 ? <p>The forecast answers for every zone and every sea-level station.</p> : (
        <ul class="plain-list">{event.unanswered.map((text) => <li key={text}><span aria-hidden="true">? </span>{text}</li>)}</ul>
      )}
      <p class="soft">Not being forecast is not being safe.</p>
    </section>
  )
}

const some = (n: number | null, all: boolean) => (n === null ? 'not known' : `${all ? '' : 'at least '}${n.toLocaleString('en')}`)

/** What the event means for people and places, with the whole of it a link away. */
export function ReliefSummary({ event }: { event: EventView }) {
  const { relief } = shown.value
  const mine = relief?.find((r) => r.event === event.id)
  return (
    <section class="card" aria-labelledby="relief-h">
      <h2 id="relief-h">People and places</h2>
      {relief === null ? <p class="empty">This deployment assesses nothing for relief.</p>
        : !mine ? <p class="empty">Nothing has been assessed for this event; an assessment follows a message.</p> : <Assessed relief={mine} />}
    </section>
  )
}

function Assessed({ relief: r }: { relief: Relief }) {
  return (
    <>
      <dl class="facts">
        <dt>Threatened zones</dt><dd>{r.zones}</dd>
        <dt>People in them</dt><dd>{some(r.people, r.all_known)}</dd>
        <dt>To evacuate</dt><dd>{some(r.to_evacuate, r.all_known)}</dd>
        <dt>Shelter places lacking</dt><dd>{some(r.capacity_lacking, r.all_known)}</dd>
        <dt>In the zones</dt><dd>{r.hospitals} hospitals, {r.schools} schools; {r.bridges_on_ways} bridges on ways to shelters</dd>
      </dl>
      <p class="soft">Assessment {r.number} of {hm(r.made_us)} UTC{r.over ? ', after the all-clear' : ''}: {r.headline}</p>
      <p><a href={r.page}>Situation report</a></p>
    </>
  )
}

/** What each zone's sirens do, by what they have told. */
export function Sirens() {
  const { sirens } = shown.value
  if (sirens.length === 0) return null
  const worst = (z: SirenZone) => (z.order ? 0 : 1) * 1000 - z.failed - z.unknown
  return (
    <section class="card" aria-labelledby="sirens-h">
      <h2 id="sirens-h">Sirens</h2>
      <ul class="plain-list">
        {[...sirens].sort((a, b) => worst(a) - worst(b)).map((z) => (
          <li key={z.id}>
            <strong>{z.id}</strong>: {z.order
              ? `ordered ${z.order.signal ? `"${z.order.signal}"` : 'silence'}${z.order.mode === 'actual' ? '' : ` (${z.order.mode})`} since ${hm(z.order.since_us)} UTC, ${z.acknowledged} of ${z.expected} acknowledge${z.share === null ? '' : ` (${number(z.share * 100, '%')})`}`
              : 'nothing ordered'}
            {z.sounding > 0 && `, ${z.sounding} sound`}{z.failed > 0 && <strong>, {z.failed} fail</strong>}{z.unknown > 0 && <strong>, {z.unknown} unknown</strong>}
            <ul>{z.sirens.filter((s) => ['failed', 'refused', 'unknown'].includes(s.state)).map((s) => (
              <li key={`${s.edge} ${s.id}`}>{s.id} at {s.edge}: {s.state}{s.reason && `, ${s.reason}`}{s.heard_us !== null && `, heard ${both(s.heard_us)}`}</li>
            ))}</ul>
          </li>
        ))}
      </ul>
    </section>
  )
}
