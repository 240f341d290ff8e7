import { useState } from 'preact/hooks'
import type { EventView, Outage, Situation, Station } from '../api'
import type { ChartRange } from '../chart/Chart'
import { now_us } from '../hub'
import { both, iso, number, span } from '../time'
import { all_evidence } from './city'
import { Tile } from './Tile'
import { Wide } from '../Wide'

const AT_ONCE = 12
const ROWS = 40
const POWER = new Set(['outage', 'supply', 'frequency'])

/** Electricity: outages with their size and cause, then meters, the worst first. */
export function Energy({ stations, known, outages, situations, range, event }: { stations: Station[]; known: number; outages: Outage[]; situations: Situation[]; range: ChartRange; event: EventView | null }) {
  const [shown, show] = useState(AT_ONCE)
  const largest = [...outages].sort((a, b) => b.out - a.out || b.area_km2 - a.area_km2)
  const evidence = all_evidence(situations).map((f) => f.evidence).filter((e) => POWER.has(e.kind))
  const title = (id: string | null) => situations.find((s) => s.id === id)?.title ?? id
  return (
    <section class="card" aria-labelledby="energy-h">
      <h2 id="energy-h">Electricity</h2>
      {known === 0 && <p class="empty">This deployment has no electricity meters: nothing is known of its power.</p>}
      {known > 0 && largest.length === 0 && <p>No outage is known. A meter that is silent is unknown, not out.</p>}
      {largest.length > 0 && (
        <Wide label="Outages">
          <table>
            <thead><tr><th scope="col">Outage</th><th scope="col" class="n">Meters out</th><th scope="col" class="n">Area</th><th scope="col">Since</th><th scope="col">Belongs to</th></tr></thead>
            <tbody>{largest.slice(0, ROWS).map((o) => {
              const because = evidence.find((e) => e.key === `outage/${o.id}`)?.because
              return (
                <tr key={o.id}>
                  <th scope="row">{o.id}</th><td class="n">{o.out} of {o.of}</td><td class="n">{number(o.area_km2, 'km2')}</td>
                  <td><time dateTime={iso(o.since_us)}>{both(o.since_us)}</time> <span class="soft">({span(now_us.value - o.since_us)})</span></td>
                  <td>{o.situation === null ? 'nothing known' : title(o.situation)}{o.earthquake !== null && <strong> Evidence of the earthquake's damage.</strong>}{because && <div class="soft">It {because}</div>}</td>
                </tr>
              )
            })}</tbody>
          </table>
        </Wide>
      )}
      {largest.length > ROWS && <p class="soft">and {largest.length - ROWS} smaller ones.</p>}
      {known > 0 && <>
        <h3>Meters</h3>
        {stations.length === 0 && <p class="empty">No meter matches the filters. {known} are known.</p>}
        <p class="soft">Charts of long times show the least and the greatest value of each stretch.</p>
        <div class="tiles">{stations.slice(0, shown).map((s) => <Tile key={s.id} station={s} quantities={['active_power', 'voltage', 'current', 'frequency']} range={range} evidence={evidence} event={event} />)}</div>
        {shown < stations.length && <button type="button" onClick={() => show(shown + AT_ONCE)}>Show {Math.min(AT_ONCE, stations.length - shown)} more of {stations.length}</button>}
      </>}
    </section>
  )
}
