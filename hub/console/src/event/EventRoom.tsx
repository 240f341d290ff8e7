import { useEffect } from 'preact/hooks'
import type { EventView } from '../api'
import { focus } from '../focus'
import { shown } from '../hub'
import { level_word, LevelMark, RANK } from '../level'
import { chosen_event, go, place } from '../rooms'
import { both, number, span } from '../time'
import { ReliefSummary, Sirens, Unanswered } from './Around'
import { basis_words } from './changes'
import { Curves } from './Curves'
import { useDetail } from './detail'
import { Confirmed } from './EventBrief'
import { Since } from './Since'
import { Timeline } from './Timeline'
import { Zones } from './Zones'
import './event.css'

export function EventRoom() {
  const { of } = place.value
  useEffect(() => { if (of !== null) chosen_event.value = of }, [of])
  const { events } = shown.value
  const event = events.find((e) => e.id === of) ?? focus.value
  const detail = useDetail(event)
  if (!event) {
    return (
      <section class="card watermark">
        <h2>No tsunami event</h2>
        <p class="empty">This hub knows of none. That says nothing about what its stations cannot see.</p>
      </section>
    )
  }
  const missing = of !== null && of !== event.id
  return (
    <div class="event-room">
      {missing && <p class="condition" role="status">There is no event "{of}" here. What follows is {event.title}.</p>}
      {events.length > 1 && <Choice events={events} chosen={event} />}
      <Head event={event} />
      <div class="event-columns">
        <div>
          <Zones event={event} detail={detail.value} />
          <Curves event={event} />
        </div>
        <div>
          <Since event={event} detail={detail.value} trouble={detail.trouble} />
          <Unanswered event={event} />
          <ReliefSummary event={event} />
          <Sirens />
          <Timeline event={event} detail={detail.value} trouble={detail.trouble} />
        </div>
      </div>
    </div>
  )
}

function Choice({ events, chosen }: { events: readonly EventView[]; chosen: EventView }) {
  const grave = (e: EventView) => (e.over_us === null ? 10 : 0) + RANK[e.level]
  const list = [...events].sort((a, b) => grave(b) - grave(a) || b.began_us - a.began_us)
  return (
    <p class="no-print">
      <label>Event{' '}
        <select value={chosen.id} onChange={(e) => go('event', e.currentTarget.value)}>
          {list.map((e) => <option key={e.id} value={e.id}>{e.over_us === null ? '' : 'over: '}{e.title} ({level_word(e.level).toLowerCase()})</option>)}
        </select>
      </label>{' '}
      <span class="soft">{events.filter((e) => e.over_us === null).length} of {events.length} are on.</span>
    </p>
  )
}

const degrees = (value: number, plus: string, minus: string) => `${Math.abs(value).toFixed(2)}° ${value < 0 ? minus : plus}`

function Head({ event }: { event: EventView }) {
  const s = event.source
  const where = `${degrees(s.lat, 'N', 'S')}, ${degrees(s.lon, 'E', 'W')}`
  return (
    <section class="card event-head" data-level={event.level}>
      <h2>{event.title}</h2>
      <p><LevelMark level={event.level} large /> <Confirmed event={event} /></p>
      {event.over_us !== null && <p><strong>Over since {both(event.over_us)}.</strong> {event.over_why}</p>}
      {s.kind === 'earthquake' ? (
        <p>Earthquake of magnitude {s.magnitude.toFixed(1)}{s.place && `, ${s.place}`} ({where}), {s.depth_km.toFixed(0)} km deep, at {both(s.origin_us)}.</p>
      ) : (
        <p><strong>Waves without a known earthquake.</strong> They come from about {where}{s.region_km !== null && ` ± ${s.region_km.toFixed(0)} km`}{s.place && ` (${s.place})`}, began about {both(s.origin_us)}, and are like those of an earthquake of magnitude {s.magnitude.toFixed(1)}.</p>
      )}
      <p class="soft">Forecast {event.revision} of {both(event.revised_us)} rests on {basis_words(event.basis)}. Gravest height: {gravest(event)}. The event was opened {span(Math.max(event.began_us - s.origin_us, 0))} after its origin.</p>
    </section>
  )
}

function gravest(event: EventView) {
  const zone = event.zones.reduce<EventView['zones'][number] | null>((best, z) => (best === null || z.median_m > best.median_m ? z : best), null)
  return zone ? `${zone.name}, ${number(zone.median_m, 'm')} (${number(zone.p05_m, 'm')} to ${number(zone.p95_m, 'm')})` : 'none forecast'
}
