import { useState } from 'preact/hooks'
import type { Evidence, EventView, Situation, Station } from '../api'
import type { ChartRange } from '../chart/Chart'
import { all_evidence, gravest, ROAD_KINDS } from './city'
import { both, hm, iso, words } from '../time'
import { Tile } from './Tile'
import { Wide } from '../Wide'

const AT_ONCE = 12
const ROWS = 40

/** Roads: incidents with their causes, then stations, the worst first. */
export function Traffic({ stations, known, situations, range, event }: { stations: Station[]; known: number; situations: Situation[]; range: ChartRange; event: EventView | null }) {
  const [shown, show] = useState(AT_ONCE)
  const found = all_evidence(situations).filter(({ evidence }) => ROAD_KINDS.has(evidence.kind)).sort((a, b) => gravest(a.evidence, b.evidence))
  return (
    <section class="card" aria-labelledby="traffic-h">
      <h2 id="traffic-h">Traffic</h2>
      {known === 0 && <p class="empty">This deployment has no traffic stations: nothing is known of its roads.</p>}
      {found.length > 0 && <>
        <h3>Incidents</h3>
        <Wide label="Incidents">
          <table>
            <thead><tr><th scope="col">What</th><th scope="col">Since</th><th scope="col">Until</th><th scope="col">Because</th></tr></thead>
            <tbody>{found.slice(0, ROWS).map(({ evidence }) => <Incident key={evidence.key} evidence={evidence} />)}</tbody>
          </table>
        </Wide>
        {found.length > ROWS && <p class="soft">and {found.length - ROWS} more.</p>}
      </>}
      {known > 0 && <>
        <h3>Stations</h3>
        {stations.length === 0 && <p class="empty">No traffic station matches the filters. {known} are known.</p>}
        <p class="soft">Charts of long times show the least and the greatest value of each stretch.</p>
        <div class="tiles">{stations.slice(0, shown).map((s) => <Tile key={s.id} station={s} quantities={['speed', 'flow', 'occupancy', 'travel_time']} range={range} evidence={found.map((f) => f.evidence)} event={event} />)}</div>
        {shown < stations.length && <button type="button" onClick={() => show(shown + AT_ONCE)}>Show {Math.min(AT_ONCE, stations.length - shown)} more of {stations.length}</button>}
      </>}
    </section>
  )
}

function Incident({ evidence: e }: { evidence: Evidence }) {
  return (
    <tr class={e.until_us === null ? undefined : 'over'}>
      <th scope="row">{words(e.kind)}: {e.text || e.name}</th>
      <td><time dateTime={iso(e.since_us)} title={both(e.since_us)}>{hm(e.since_us)} UTC</time></td>
      <td>{e.until_us === null ? <b>still on</b> : `${hm(e.until_us)} UTC`}</td>
      <td>{e.because ? `It ${e.because}` : 'It is what the situation is about: nothing known caused it.'}</td>
    </tr>
  )
}
