import { focus } from '../focus'
import { link } from '../rooms'

/** The event in a few lines, for the Watch room. */
export function EventBrief() {
  const event = focus.value
  return (
    <section class="card event-brief" aria-labelledby="brief-h">
      <h2 id="brief-h">Event</h2>
      {event ? <p><a href={link('event', event.id)}>{event.title}</a>{event.over_us !== null && <span class="soft"> (over)</span>}</p> : <p class="empty">No event is known.</p>}
    </section>
  )
}
