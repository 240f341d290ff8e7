import { useMemo } from 'preact/hooks'
import type { Alert, EventView } from '../api'
import { hm, hms, iso } from '../time'
import { changed_rows, score, station_stories, zone_stories, type Revision, type Score, type StationRow, type StationStory } from './compare'
import { BASIS, height, higher, inside, lead, LEVEL_WORD, metres, minutes, off_by } from './say'
import { StationCurves } from './StationCurves'
import { Wide } from '../Wide'

const CHARTS = 8

/** Forecasts held against what came, at stations and along the coast. */
export function Compare({ event, revisions, alerts, names, paper = false }: { event: EventView; revisions: Revision[]; alerts: Alert[]; names: ReadonlyMap<string, string>; paper?: boolean }) {
  const stories = useMemo(() => station_stories(event, revisions, (id) => names.get(id) ?? id), [event, revisions, names])
  const zones = useMemo(() => zone_stories(event, revisions, alerts), [event, revisions, alerts])
  const seen = stories.filter((s) => s.observed !== null)
  return <>
    <section class="card" aria-labelledby="hits-h">
      <h2 id="hits-h">How good the forecast was</h2>
      {seen.length === 0
        ? <p>No station has recorded the wave, so that nothing can be held against the forecast. That is not proof that nothing came.</p>
        : <Wide label="How good the forecast was"><table>
          <thead><tr><th scope="col">Forecast</th><th scope="col">Arrivals inside their 5-95 % band</th><th scope="col">Usual error of arrival</th><th scope="col">Heights inside their 5-95 % band</th><th scope="col">Observed : forecast height</th></tr></thead>
          <tbody><ScoreRow name="First of each station" score={score(seen.map((s) => s.first))} /><ScoreRow name="Last before the wave was there" score={score(seen.map((s) => s.last_before))} /></tbody>
        </table></Wide>}
      <p class="soft">{seen.length} of {stories.length} stations have recorded the wave. Counted is what was said before the wave (for heights: before its highest) was there, at stations where it has passed. Of a good forecast 9 in 10 lie inside.</p>
    </section>
    <section class="card" aria-labelledby="coast-h">
      <h2 id="coast-h">Coast by coast</h2>
      <Wide label="Coast by coast"><table>
        <thead><tr><th scope="col">Coast</th><th scope="col">First forecast</th><th scope="col">Last forecast</th><th scope="col">First message</th><th scope="col">Warned before arrival by</th></tr></thead>
        <tbody>{zones.map((z) => (
          <tr key={z.id}>
            <th scope="row">{z.name}</th>
            {[z.first, z.last].map((f, n) => <td key={n}>{f === null ? 'none' : <><b class={`level-${f.zone.level}`}>{LEVEL_WORD[f.zone.level]}</b><br />{hm(f.zone.arrival_us)} UTC ± {minutes(f.zone.arrival_sigma_s * 1.645)}<br />{height(f.zone)}</>}</td>)}
            <td>{z.alert === null ? 'not named in a message' : <><time dateTime={iso(z.alert.sent_us)}>{hms(z.alert.sent_us)} UTC</time> <span class="soft">{z.alert.msg_type}</span></>}</td>
            <td>{z.lead_us !== null && z.lead_us < 0 ? <b class="level-major">{lead(z.lead_us)}</b> : <b>{lead(z.lead_us)}</b>}</td>
          </tr>
        ))}</tbody>
      </table></Wide>
      <p class="soft">Arrival is the last forecast's, since no gauge stands at most coasts; ± is the half of its 5-95 % band. Heights: median (5 % to 95 %).</p>
    </section>
    <section class="card" aria-labelledby="stations-h">
      <h2 id="stations-h">Station by station</h2>
      {stories.length === 0 && <p class="empty">Nothing was forecast for any station.</p>}
      {seen.map((s, n) => <StationPart key={s.id} story={s} event={event} chart={n < CHARTS} paper={paper} />)}
      {seen.length > CHARTS && <p class="soft">Charts are drawn for the first {CHARTS} stations that the wave reached.</p>}
      {stories.length > seen.length && <p class="soft">No wave was recorded at: {stories.filter((s) => s.observed === null).slice(0, 40).map((s) => s.name).join(', ')}.</p>}
    </section>
  </>
}

function ScoreRow({ name, score: s }: { name: string; score: Score }) {
  const of = (n: number, all: number) => (all === 0 ? 'none to count' : `${n} of ${all}`)
  return <tr><th scope="row">{name}</th><td>{of(s.arrivals_inside, s.arrivals)}</td><td>{s.arrival_s === null ? '-' : minutes(s.arrival_s)}</td><td>{of(s.heights_inside, s.heights)}</td><td>{s.ratio === null ? '-' : `${s.ratio.toFixed(2)} : 1`}</td></tr>
}

const LISTED = 6

function StationPart({ story: s, event, chart, paper }: { story: StationStory; event: EventView; chart: boolean; paper: boolean }) {
  const rows = changed_rows(s.rows)
  // The first ones and the last ones say most; all are one click away.
  const short = rows.length <= LISTED ? rows : [...rows.slice(0, 3), ...rows.slice(-3)]
  return (
    <article class="station-part">
      <h3>{s.name}</h3>
      {s.observed && <p>Wave since <time dateTime={iso(s.observed.onset_us)}>{hms(s.observed.onset_us)} UTC</time>; highest {metres(s.observed.amplitude_m)} at {hm(s.observed.amplitude_us)} UTC{s.observed.passed ? '' : ', and not yet past: not counted'}.</p>}
      {chart && <StationCurves event={event} story={s} paper={paper} />}
      <Rows rows={short} name={s.name} />
      {rows.length > short.length && (paper ? <p class="soft">{rows.length - short.length} revisions in between are left out.</p> : <details><summary>All {rows.length} revisions</summary><Rows rows={rows} name={s.name} /></details>)}
    </article>
  )
}

function Rows({ rows, name }: { rows: StationRow[]; name: string }) {
  return (
    <Wide label={`${name}: forecasts and what came`}><table>
      <thead><tr><th scope="col">Forecast</th><th scope="col">Arrival</th><th scope="col">It came</th><th scope="col">5-95 %</th><th scope="col">Height</th><th scope="col">It was</th><th scope="col">5-95 %</th></tr></thead>
      <tbody>{rows.map((r) => (
        <tr key={r.revision.number} class={r.arrival_before ? undefined : 'after'}>
          <th scope="row">{r.revision.number}, {hm(r.revision.made_us)} UTC <span class="soft">{BASIS[r.revision.basis]}{r.arrival_before ? '' : r.height_before ? '; after the onset' : '; after the wave'}</span></th>
          <td>{hm(r.forecast.arrival_us)} ± {minutes(r.forecast.arrival_sigma_s * 1.645)}</td><td>{off_by(r.arrival_error_s)}</td><td>{inside(r.arrival_inside)}</td>
          <td>{height(r.forecast)}</td><td>{higher(r.height_error_m)}</td><td>{inside(r.height_inside)}</td>
        </tr>
      ))}</tbody>
    </table></Wide>
  )
}
