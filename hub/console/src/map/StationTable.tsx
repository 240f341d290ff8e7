import { computed, signal } from '@preact/signals'
import type { Latest, Station } from '../api'
import { shown } from '../hub'
import { STATE_WORD, state_rank } from '../quality'
import { chosen_station } from '../rooms'
import { second_us } from '../ticking'
import { number, span, words } from '../time'
import { STATIONS_DRAWN } from './scene'
import { SignSwatch } from './Swatch'

const ROWS = 60
const open = signal(false)
const wanted = signal('')

/** How many are in each state, worst first. */
export const counts = computed(() => {
  const found = { finding: 0, fault: 0, unknown: 0, late: 0, good: 0 }
  for (const station of shown.value.stations.values()) found[station.state] += 1
  return Object.entries(found) as [Station['state'], number][]
})

const listed = computed(() => {
  if (!open.value) return { rows: [], all: 0 }
  const text = wanted.value.trim().toLowerCase()
  const found = [...shown.value.stations.values()].filter((s) => text === '' || `${s.name} ${s.id} ${s.state} ${s.domain}`.toLowerCase().includes(text))
  found.sort((a, b) => state_rank(a.state) - state_rank(b.state) || a.name.localeCompare(b.name))
  return { rows: found.slice(0, ROWS), all: found.length }
})

const newest = (station: Station): [string, Latest] | undefined =>
  Object.entries(station.latest).reduce<[string, Latest] | undefined>((best, entry) => (best === undefined || entry[1].time_us > best[1].time_us ? entry : best), undefined)

/** The map's stations in words: worst first, to be searched, each with its value and its age. */
export function StationTable() {
  const { rows, all } = listed.value
  const total = shown.value.stations.size
  return (
    <details class="card stations" open={open.value} onToggle={(event) => { open.value = event.currentTarget.open }}>
      <summary><h2>Stations</h2> <span class="soft">{total} in all: {counts.value.filter(([, n]) => n > 0).map(([state, n]) => `${n} ${STATE_WORD[state].toLowerCase()}`).join(', ') || 'none is known yet'}</span></summary>
      {open.value && <>
        <p><label>Only those with <input type="search" value={wanted.value} onInput={(event) => { wanted.value = event.currentTarget.value }} placeholder="name, state or kind" /></label>{' '}
          <span role="status" class="soft">{all > rows.length ? `${rows.length} of ${all} are listed; search for the others.` : `${all} listed.`}</span></p>
        {total > STATIONS_DRAWN && <p>The map draws the first {STATIONS_DRAWN}; this list has all.</p>}
        <div class="scrolls" tabIndex={0} role="region" aria-label="Table of stations">
          <table>
            <thead><tr><th scope="col">State</th><th scope="col">Station</th><th scope="col">Kind</th><th scope="col">Newest value</th><th scope="col" class="n">Age</th></tr></thead>
            <tbody>{rows.map((station) => <Row key={station.id} station={station} />)}</tbody>
          </table>
        </div>
      </>}
    </details>
  )
}

function Row({ station }: { station: Station }) {
  const value = newest(station)
  return (
    <tr class={chosen_station.value === station.id ? 'chosen' : undefined}>
      <td><SignSwatch sign={station.state} /> {STATE_WORD[station.state]}</td>
      <th scope="row"><button type="button" class="as-link" onClick={() => { chosen_station.value = station.id }}>{station.name}</button></th>
      <td>{station.domain}</td>
      <td>{value ? `${words(value[0])} ${number(value[1].value, value[1].unit)}` : <span class="soft">nothing heard</span>}</td>
      <td class="n">{value ? span(second_us.value - value[1].time_us) : ''}</td>
    </tr>
  )
}
