import type { EventDetail, EventView } from '../api'
import { hm, span } from '../time'
import { in_words, sorted, type Change } from './changes'
import { since_last_alert } from './detail'

/** What the public has not been told: the forecast now against the forecast when the last message went out. */
export function Since({ event, detail, trouble }: { event: EventView; detail: EventDetail | null; trouble: string }) {
  const { alert, revision, list } = since_last_alert(event, detail)
  const s = sorted(list)
  const groups: [string, Change[]][] = [
    ['Up', s.up], ['New', s.fresh], ['Down', s.down], ['No longer forecast', s.gone], ['Earlier', s.earlier], ['Later', s.later], ['Higher', s.higher], ['Lower', s.lower],
  ]
  // Each zone is told once, under the first that fits; its sentence says all that changed.
  const told = new Set<string>()
  return (
    <section class="card" aria-labelledby="since-h">
      <h2 id="since-h">Changed since the last message</h2>
      {!alert ? <p><strong>No message has been published for this event.</strong></p>
        : !detail ? <p>Last message {hm(alert.sent_us)} UTC. What changed since is not known{trouble ? `: ${trouble}` : ' yet.'}</p>
        : !revision ? <p>Last message {hm(alert.sent_us)} UTC, before the earliest forecast that is kept. What changed since cannot be said.</p>
        : (
          <>
            <p class="soft">Last message: {hm(alert.sent_us)} UTC, "{alert.headline}". Forecast {revision.number} then, {event.revision} now.</p>
            {list.length === 0
              ? <p><strong>Nothing.</strong> No zone changed its level, its arrival by a minute or its height by as much as matters.</p>
              : groups.map(([name, group]) => {
                const fresh = group.filter((c) => !told.has(c.zone))
                for (const c of fresh) told.add(c.zone)
                return fresh.length > 0 && <div key={name} class="since"><h3>{name}</h3><ul>{fresh.map((c) => <li key={c.zone}>{in_words(c)}</li>)}</ul></div>
              })}
          </>
        )}
      {alert && <p class="soft">The message {alert.expires_us >= alert.sent_us ? `holds for ${span(alert.expires_us - alert.sent_us)}, until ${hm(alert.expires_us)} UTC.` : ''}</p>}
    </section>
  )
}
