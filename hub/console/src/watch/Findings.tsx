import { computed } from '@preact/signals'
import { counts } from '../map/StationTable'
import { SignSwatch } from '../map/Swatch'
import { shown } from '../hub'
import { chosen_station } from '../rooms'

const LISTED = 8

const finding = computed(() => [...shown.value.stations.values()].filter((s) => s.state === 'finding').sort((a, b) => a.name.localeCompare(b.name)))

/** What stations see now, and how many of them can see at all: none seen by few stations is no calm. */
export function Findings() {
  const by_state = new Map(counts.value)
  const total = shown.value.stations.size
  const blind = (by_state.get('unknown') ?? 0) + (by_state.get('fault') ?? 0)
  return (
    <section class="card" aria-labelledby="findings-h">
      <h2 id="findings-h">Findings{finding.value.length > 0 && `: ${finding.value.length}`}</h2>
      <div aria-live="polite">
        <ul class="plain-list">
          {finding.value.slice(0, LISTED).map((s) => (
            <li key={s.id}><SignSwatch sign="finding" /> <button type="button" class="as-link" onClick={() => { chosen_station.value = s.id }}>{s.name}</button> {s.finding}</li>
          ))}
        </ul>
        {finding.value.length > LISTED && <p>and {finding.value.length - LISTED} more, in the table of stations.</p>}
        {finding.value.length === 0 && total > 0 && <p class="empty">No station sees anything out of the ordinary.</p>}
      </div>
      {total === 0 ? <p class="unknown">No station is known.</p>
        : blind > 0 ? <p class="unknown"><strong>{blind} of {total} stations</strong> are not heard or faulty: what they would see is not known.</p> : <p class="soft">{total === 1 ? 'The one station is heard.' : `All ${total} stations are heard.`}</p>}
    </section>
  )
}
