import { shown } from '../hub'
import { flags, STATE_WORD } from '../quality'
import { chosen_station, link } from '../rooms'
import { second_us } from '../ticking'
import { both, iso, number, span, words } from '../time'
import { place_name } from './geo'
import { SignSwatch } from './Swatch'

const QUANTITIES = 8

/** The station that somebody chose, over the map. */
export function StationCard() {
  const station = chosen_station.value === null ? undefined : shown.value.stations.get(chosen_station.value)
  if (!station) return null
  const latest = Object.entries(station.latest).sort(([a], [b]) => a.localeCompare(b))
  return (
    <aside class="station-card" aria-label={`Station ${station.name}`}>
      <button type="button" class="close" aria-label="Close" onClick={() => { chosen_station.value = null }}>×</button>
      <h2>{station.name}</h2>
      <p class="state"><SignSwatch sign={station.state} /> <strong>{STATE_WORD[station.state]}</strong></p>
      {station.finding && <p class="finding">{station.finding}</p>}
      <table>
        <caption class="sr">Latest values of {station.name}</caption>
        <thead class="sr"><tr><th>Quantity</th><th>Value</th><th>Age</th></tr></thead>
        <tbody>
          {latest.slice(0, QUANTITIES).map(([name, { value, unit, time_us, quality }]) => (
            <tr key={name}><th scope="row">{words(name)}</th><td class="n">{number(value, unit)}{quality !== 0 && <span class="soft"> {flags(quality).join(', ')}</span>}</td>
              <td class="n soft"><time dateTime={iso(time_us)} title={both(time_us)}>{span(second_us.value - time_us)} ago</time></td></tr>
          ))}
        </tbody>
      </table>
      {latest.length === 0 && <p class="empty">Nothing has been heard of it.</p>}
      {latest.length > QUANTITIES && <p class="soft">and {latest.length - QUANTITIES} more</p>}
      <p class="soft">{station.domain} · {place_name(station.lat, station.lon)} · <code>{station.id}</code></p>
      <p><a href={link(station.domain === 'tsunami' ? 'event' : 'city')}>Its chart</a></p>
    </aside>
  )
}
