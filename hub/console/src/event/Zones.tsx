import type { EventDetail, EventView, ZoneForecast } from '../api'
import { LevelMark } from '../level'
import { number } from '../time'
import { Arrival } from './Arrival'

const NAMES = ['advisory', 'warning', 'major'] as const

const percent = (p: number) => (!Number.isFinite(p) ? 'unknown' : p > 0 && p < 0.01 ? 'under 1 %' : p < 1 && p > 0.99 ? 'over 99 %' : `${Math.round(p * 100)} %`)

/** When each coast is reached, how high, how likely; first arrival first. */
export function Zones({ event, detail }: { event: EventView; detail: EventDetail | null }) {
  const zones = [...event.zones].sort((a, b) => a.arrival_us - b.arrival_us || a.name.localeCompare(b.name))
  const levels = detail?.levels_m
  return (
    <section class="card watermark" aria-labelledby="zones-h">
      <h2 id="zones-h">Arrival by zone</h2>
      {zones.length === 0 ? <p>The forecast reaches no zone. That is no all-clear: see what nothing can be said about.</p> : (
        <table class="zones">
          <caption class="soft">First wave on the coast, ± about 95 %; height above the tide at the shore: median, and 5 to 95 % of what is likely. Later waves may be higher.{levels && ` Chance that the height is above ${NAMES.map((n, i) => `${number(levels[i], 'm')} (${n})`).join(', ')}.`}</caption>
          <thead>
            <tr>
              <th scope="col">Zone</th><th scope="col">Level</th><th scope="col">Arrives in</th><th scope="col" class="n">Height</th>
              <th scope="col">Chance</th>
            </tr>
          </thead>
          <tbody>{zones.map((z) => <Zone key={z.id} zone={z} />)}</tbody>
        </table>
      )}
    </section>
  )
}

function Zone({ zone }: { zone: ZoneForecast }) {
  return (
    <tr data-level={zone.level}>
      <th scope="row">{zone.name}</th>
      <td><LevelMark level={zone.level} /></td>
      <td><Arrival zone={zone} /></td>
      <td class="n"><strong>{number(zone.median_m, 'm')}</strong> <span class="soft">{number(zone.p05_m, 'm')} to {number(zone.p95_m, 'm')}</span></td>
      <td>
        <ul class="chances">
          {NAMES.map((name, n) => (
            <li key={name} data-level={name}>
              <span class="chance-name">{name}</span>
              <span class="chance-bar" aria-hidden="true"><span style={{ width: `${Math.min(Math.max(zone.exceeds[n] ?? 0, 0), 1) * 100}%` }} /></span>
              <span class="chance-number">{percent(zone.exceeds[n] ?? NaN)}</span>
            </li>
          ))}
        </ul>
      </td>
    </tr>
  )
}
