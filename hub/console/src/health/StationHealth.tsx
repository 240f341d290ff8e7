import type { Station } from '../api'
import { now_us } from '../hub'
import { doubtful, flags, STATE_WORD, STATES, state_rank } from '../quality'
import { StateMark } from '../StateMark'
import { number, span, words } from '../time'
import { Wide } from '../Wide'

const ROWS = 40

const newest = (s: Station) => Object.values(s.latest).reduce<number | null>((t, l) => (t === null || l.time_us > t ? l.time_us : t), null)

/** Stations that do not report as they should, by state; those that do are counted. */
export function StationHealth({ stations }: { stations: ReadonlyMap<string, Station> }) {
  const all = [...stations.values()]
  const bad = all.filter((s) => s.state === 'fault' || s.state === 'unknown' || s.state === 'late' || Object.values(s.latest).some((l) => doubtful(l.quality)))
    .sort((a, b) => state_rank(a.state) - state_rank(b.state) || a.name.localeCompare(b.name))
  return (
    <section class="card" aria-labelledby="station-health-h">
      <h2 id="station-health-h">Stations</h2>
      <p>{all.length === 0 ? 'No stations are configured or known yet.' : `${all.length} ${all.length === 1 ? 'station' : 'stations'}: ${STATES.map((state) => [all.filter((s) => s.state === state).length, STATE_WORD[state].toLowerCase()] as const).filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`).join(', ')}.`}</p>
      {bad.length > 0 && (
        <Wide label="Stations that do not report as they should">
          <table>
            <thead><tr><th scope="col">Station</th><th scope="col">State</th><th scope="col">Last reading</th><th scope="col">Doubts</th></tr></thead>
            <tbody>{bad.slice(0, ROWS).map((s) => {
              const last = newest(s)
              const doubts = Object.entries(s.latest).filter(([, l]) => doubtful(l.quality)).map(([q, l]) => `${words(q)} ${number(l.value, l.unit)}: ${flags(l.quality).join(', ')}`)
              return <tr key={s.id}><th scope="row">{s.name} <span class="soft">{s.id}, {s.domain}</span></th><td><StateMark state={s.state} /></td><td>{last === null ? 'never' : `${span(now_us.value - last)} ago`}</td><td>{doubts.join('; ') || '-'}</td></tr>
            })}</tbody>
          </table>
        </Wide>
      )}
      {bad.length > ROWS && <p class="soft">and {bad.length - ROWS} more, none worse than the last one shown.</p>}
    </section>
  )
}
