import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { Curve, EventView, StationForecast, StationState } from '../api'
import { Chart, type ChartMark, type ChartSeries } from '../chart/Chart'
import { shown } from '../hub'
import { chosen_station } from '../rooms'
import { second_us } from '../ticking'
import { both, hm, number, span } from '../time'
import { event_path, useAsked } from './detail'
import { useWave } from './observed'

const MINUTE = 60e6
/** Charts at once; more on demand. */
const FIRST = 6
/** The now-line moves this often: less than a pixel in most charts. */
const NOW_US = 10e6

const ORDERS = { nearest: 'first reached', highest: 'highest forecast', seen: 'wave seen' } as const
type Order = keyof typeof ORDERS

function ordered(stations: readonly StationForecast[], order: Order, first: string | null): StationForecast[] {
  const by = {
    nearest: (a: StationForecast, b: StationForecast) => a.arrival_us - b.arrival_us,
    highest: (a: StationForecast, b: StationForecast) => b.median_m - a.median_m,
    seen: (a: StationForecast, b: StationForecast) => (b.observed?.amplitude_m ?? -1) - (a.observed?.amplitude_m ?? -1),
  }[order]
  const list = [...stations].sort((a, b) => by(a, b) || a.arrival_us - b.arrival_us)
  const at = list.findIndex((s) => s.id === first)
  return at > 0 ? [list[at] as StationForecast, ...list.slice(0, at), ...list.slice(at + 1)] : list
}

/** What stations see against what was forecast for them. */
export function Curves({ event }: { event: EventView }) {
  const order = useSignal<Order>('nearest')
  const whole = useSignal(false)
  const most = useSignal(FIRST)
  const list = ordered(event.stations, order.value, chosen_station.value)
  return (
    <section class="card watermark" aria-labelledby="curves-h">
      <h2 id="curves-h">Observed against forecast</h2>
      {list.length === 0 ? <p class="empty">No sea-level station has a forecast in this event.</p> : (
        <>
          <p class="filters">
            <label>Stations in order of{' '}
              <select value={order.value} onChange={(e) => { order.value = e.currentTarget.value as Order }}>
                {Object.entries(ORDERS).map(([id, name]) => <option key={id} value={id}>{name}</option>)}
              </select>
            </label>
            <label><input type="checkbox" checked={whole.value} onChange={(e) => { whole.value = e.currentTarget.checked }} /> Whole event</label>
          </p>
          <div class="curves">{list.slice(0, most.value).map((s) => <Station key={s.id} event={event} station={s} whole={whole.value} />)}</div>
          {list.length > most.value && <button type="button" onClick={() => { most.value += FIRST }}>More stations ({list.length - most.value})</button>}
        </>
      )}
    </section>
  )
}

function Station({ event, station, whole }: { event: EventView; station: StationForecast; whole: boolean }) {
  const place = useRef<HTMLElement>(null)
  const now = useComputed(() => Math.floor(second_us.value / NOW_US) * NOW_US).value
  const curve = useAsked<Curve>(`${event_path(event.id)}/curves/${encodeURIComponent(station.id)}`, event.revision, 'No course in time is forecast for this station, only arrival and height.')
  const known = shown.value.stations.get(station.id)
  const name = known?.name ?? station.id
  const { origin_us } = event.source
  const sigma_us = station.arrival_sigma_s * 1e6
  // About the arrival: what leads up to it and the first waves, with now in sight while it is still awaited.
  const from_us = whole ? origin_us - 30 * MINUTE : Math.min(station.arrival_us - 90 * MINUTE, Math.max(now - 60 * MINUTE, origin_us - 30 * MINUTE))
  const to_us = whole ? Math.max(station.arrival_us + 240 * MINUTE, (event.over_us ?? now) + 30 * MINUTE) : station.arrival_us + 240 * MINUTE
  // Whole minutes, so that the sea is not asked for anew with every move of the now-line.
  const range = { from_us: Math.floor(from_us / (5 * MINUTE)) * 5 * MINUTE, to_us: Math.ceil(to_us / (5 * MINUTE)) * 5 * MINUTE }
  const wave = useWave(station.id, range.from_us, range.to_us)
  useEffect(() => { if (chosen_station.value === station.id) place.current?.scrollIntoView({ block: 'nearest' }) }, [chosen_station.value])

  const series = useMemo<ChartSeries[]>(() => {
    const list: ChartSeries[] = [{ label: 'Observed', unit: 'm', points: wave.value?.points ?? [], colour: '--observed' }]
    const c = curve.value
    if (c) {
      const x = c.median_m.map((_, n) => c.start_us + n * c.step_s * 1e6)
      list.push({ label: 'Forecast', unit: 'm', x, y: c.median_m, band: { label: '5 to 95 %', low: c.p05_m, high: c.p95_m }, dash: true, colour: '--forecast' })
    }
    return list
  }, [wave.value, curve.value])
  const seen = station.observed
  const marks = useMemo<ChartMark[]>(() => [
    { time_us: station.arrival_us - 2 * sigma_us, until_us: station.arrival_us + 2 * sigma_us, label: 'forecast arrival', colour: '--forecast' },
    ...(seen ? [{ time_us: seen.onset_us, label: 'onset seen', colour: '--finding' }] : []),
    { time_us: now, label: 'now', colour: '--ink' },
  ], [station.arrival_us, sigma_us, seen?.onset_us, now])

  return (
    <article ref={place} class="curve" aria-label={name}>
      <h3>{name} <span class="soft">{name === station.id ? '' : station.id}</span></h3>
      <Blind state={known?.state ?? 'unknown'} />
      <p>{seen
        ? <>Wave seen {hm(seen.onset_us)} UTC, <Difference us={seen.onset_us - station.arrival_us} sigma_us={sigma_us} />; highest so far {number(seen.amplitude_m, 'm')} at {hm(seen.amplitude_us)} UTC{seen.passed ? ', it has passed' : ''}.</>
        : now > station.arrival_us + 2 * sigma_us ? <strong>Expected {span(now - station.arrival_us)} ago; no wave has been seen here.</strong> : 'No wave seen yet.'}{' '}
        Forecast {number(station.median_m, 'm')} ({number(station.p05_m, 'm')} to {number(station.p95_m, 'm')}), <span title={both(station.arrival_us)}>{hm(station.arrival_us)} UTC</span> ± {span(2 * sigma_us)}.
      </p>
      <Chart title={`${name}: sea level without tide, metres`} series={series} range={range} marks={marks} height={11} least={0.05} />
      {wave.trouble && <p class="soft">Observed: {wave.trouble}</p>}
      {wave.value && wave.value.points.length === 0 && <p class="soft">Observed: no values in this time. Silence is not a calm sea.</p>}
      {wave.value?.derived && <p class="soft">Observed: {wave.value.derived}</p>}
      <p class="soft">{curve.value ? `Forecast ${curve.value.revision}: ${curve.value.from}` : curve.trouble && `Forecast: ${curve.trouble}`}</p>
    </article>
  )
}

/** A station that is not heard, or is faulty, sees no wave: its silence says nothing. */
function Blind({ state }: { state: StationState }) {
  if (state === 'good' || state === 'finding') return null
  const text = { unknown: 'This station is silent', late: 'This station is late', fault: 'This station is faulty' }[state]
  return <p class={`curve-blind ${state}`}><span aria-hidden="true">{state === 'late' ? '△' : state === 'fault' ? '■' : '?'}</span> {text}: that no wave is seen here means nothing.</p>
}

/** How far an onset is from its forecast, and whether that was to be expected. */
function Difference({ us, sigma_us }: { us: number; sigma_us: number }) {
  if (Math.abs(us) < 30e6) return <>on time</>
  return <>{span(Math.abs(us))} {us < 0 ? 'earlier' : 'later'} than forecast{Math.abs(us) > 2 * sigma_us && <strong> (outside what was likely)</strong>}</>
}
