import type { EventView } from '../api'
import { focus } from '../focus'
import { shown } from '../hub'
import { LevelMark } from '../level'
import { link } from '../rooms'
import { second_us } from '../ticking'
import { both, hm, number, span } from '../time'
import { Arrival } from './Arrival'
import { summary } from './changes'
import { since_last_alert, useDetail } from './detail'
import './event.css'

/** Zones in the short form. */
const NEXT = 3

/** The event in short, for beside the map: how grave, seen or only expected, when the next coasts are reached, what is new. */
export function EventBrief() {
  const event = focus.value
  const on = shown.value.events.filter((e) => e.over_us === null)
  if (!event) {
    return (
      <section class="card event-brief" aria-labelledby="brief-h">
        <h2 id="brief-h">No tsunami event</h2>
        <p class="empty">None that this hub knows of. That says nothing about what its stations cannot see: look at <a href={link('health')}>coverage</a>.</p>
      </section>
    )
  }
  return (
    <section class="card event-brief watermark" aria-labelledby="brief-h" data-level={event.level}>
      <h2 id="brief-h"><a href={link('event', event.id)}>{event.title}</a></h2>
      <p><LevelMark level={event.level} large /> <Confirmed event={event} /></p>
      {event.over_us !== null && <p><strong>Over</strong> since {both(event.over_us)}{event.over_why ? `: ${event.over_why}` : ''}</p>}
      <Next event={event} />
      <Since event={event} />
      {on.length > 1 && <p class="soft">{on.length} events are on. <a href={link('event')}>See all</a></p>}
    </section>
  )
}

/** Whether a station has seen the wave, as words. */
export const Confirmed = ({ event }: { event: EventView }) => event.confirmed
  ? <span class="chip">Confirmed: stations see the wave</span>
  : <span class="chip">Not confirmed: no station has seen a wave yet</span>

function Next({ event }: { event: EventView }) {
  const now = second_us.value
  // Where some coasts are threatened, the others wait.
  const meant = event.zones.filter((z) => event.level === 'none' || z.level !== 'none')
  const coming = meant.filter((z) => z.arrival_us > now).sort((a, b) => a.arrival_us - b.arrival_us)
  const reached = meant.length - coming.length
  if (event.zones.length === 0) return <p>No zone is forecast to be reached. This is no all-clear.</p>
  return (
    <>
      {coming.length > 0 && (
        <ol class="brief-next" aria-label="Next coasts to be reached">
          {coming.slice(0, NEXT).map((z) => (
            <li key={z.id}>
              <p class="brief-line"><span class="brief-zone">{z.name}</span> <LevelMark level={z.level} /></p>
              <p class="brief-line"><Arrival zone={z} plain /> <span class="soft">{hm(z.arrival_us)} UTC ± {span(z.arrival_sigma_s * 2e6)}; {number(z.median_m, 'm')} ({number(z.p05_m, 'm')} to {number(z.p95_m, 'm')})</span></p>
            </li>
          ))}
        </ol>
      )}
      <p class="soft">
        {coming.length > NEXT && `${coming.length - NEXT} more ${coming.length - NEXT === 1 ? 'zone' : 'zones'} later. `}
        {reached > 0 && `${reached} of ${meant.length} zones have been reached by forecast: later waves may be higher.`}
      </p>
    </>
  )
}

function Since({ event }: { event: EventView }) {
  const detail = useDetail(event)
  const { alert, revision, list } = since_last_alert(event, detail.value)
  if (!alert) return <p><strong>Nothing has been published for this event.</strong></p>
  if (!revision) return <p class="soft">Last message {hm(alert.sent_us)} UTC. {detail.trouble || 'What changed since is not known.'}</p>
  return <p><strong>Since the message of {hm(alert.sent_us)} UTC:</strong> {summary(list) ?? 'nothing has changed.'}</p>
}
