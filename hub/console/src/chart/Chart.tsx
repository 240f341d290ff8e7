import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { night, size } from '../look'
import { doubtful } from '../quality'
import { day, hm, hms, iso, number } from '../time'
import { at, column, extent, table_times, value_at, type ChartLevel, type ChartMark, type ChartRange, type ChartSeries } from './data'
import { build, data_of, read, shape_of, type Picture } from './plot'
import './chart.css'

export type { ChartLevel, ChartMark, ChartRange, ChartSeries } from './data'

/** Rows of the table beside a chart. */
const ROWS = 60
const NONE: never[] = []

export interface ChartProps {
  /** Says what the chart shows, to those who do not see it too. */
  title: string
  series: readonly ChartSeries[]
  /** What of the time is shown; without it all that there is. */
  range?: ChartRange | null
  marks?: readonly ChartMark[]
  levels?: readonly ChartLevel[]
  /** Height in rem. */
  height?: number
  /** The least that the vertical scale spans, in the series' unit: noise is not blown up to a wave. */
  least?: number
}

/** Lines over time with their bands, marks and levels; the time axis is UTC. The same as a table under "Numbers". */
export function Chart({ title, series, range = null, marks = NONE, levels = NONE, height = 12, least = 0.1 }: ChartProps) {
  const into = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const pointer = useSignal<number | null>(null)
  const numbers = useSignal(false)
  const picture = useRef<Picture>({ series, marks, levels, range, least })
  picture.current = { series, marks, levels, range, least }
  const drawn = useRef<readonly ChartSeries[]>(series)
  const shape = shape_of(series)
  const unit = series[0]?.unit ?? ''

  useEffect(() => {
    const place = into.current
    if (!place) return
    const tall = () => height * (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16)
    const made = build(place, tall(), unit, () => picture.current, (t) => { pointer.value = t })
    plot.current = made
    drawn.current = picture.current.series
    const resized = new ResizeObserver(() => made.setSize({ width: Math.max(place.clientWidth, 120), height: tall() }))
    resized.observe(place)
    return () => { resized.disconnect(); made.destroy(); plot.current = null }
  }, [shape, unit, height, night.value, size.value])

  // New numbers need new scales; a mark that moves is drawn over what there is.
  useEffect(() => {
    const made = plot.current
    if (!made) return
    if (drawn.current !== series) {
      drawn.current = series
      made.setData(data_of(series))
    } else made.redraw(false, false)
  }, [series, marks, levels])
  useEffect(() => { plot.current?.setData(plot.current.data) }, [range?.from_us, range?.to_us, least])

  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <ul class="chart-key">
        {series.map((s) => <Key key={s.label} series={s} time_s={pointer.value} />)}
        {pointer.value !== null && <li class="soft" aria-hidden="true">at {hms(pointer.value * 1e6)} UTC</li>}
      </ul>
      <div class="chart-plot" ref={into} aria-hidden="true" />
      <details class="chart-numbers" open={numbers.value} onToggle={(e) => { numbers.value = e.currentTarget.open }}>
        <summary>Numbers</summary>
        {numbers.value && <Numbers title={title} series={series} range={range} marks={marks} />}
      </details>
    </figure>
  )
}

function Key({ series, time_s }: { series: ChartSeries; time_s: number | null }) {
  const value = time_s === null ? null : read(series, time_s)
  const stroke = series.colour.startsWith('--') ? `var(${series.colour})` : series.colour
  const doubt = series.points?.some((p) => doubtful(p[2] ?? 0)) ?? false
  return (
    <li>
      <svg class="chart-swatch" viewBox="0 0 24 10" aria-hidden="true">
        {series.band && <rect class="chart-band" width="24" height="10" />}
        {series.dots
          ? <circle cx="12" cy="5" r="3" style={{ fill: stroke }} />
          : <path d="M0 5H24" style={{ stroke }} stroke-dasharray={series.dash ? '6 3' : undefined} />}
      </svg>
      {series.label}{series.band && `, ${series.band.label}`}{value !== null && <b aria-hidden="true"> {number(value, series.unit)}</b>}
      {doubt && <span class="chart-doubt"> (rings: in doubt)</span>}
    </li>
  )
}

function Numbers({ title, series, range, marks }: { title: string; series: readonly ChartSeries[]; range: ChartRange | null; marks: readonly ChartMark[] }) {
  const whole = range ?? extent(series)
  const all = useMemo(() => series.map((s) => ({
    s, line: column(s, (n) => value_at(s, n)),
    low: s.band && column(s, (n) => s.band?.low[n] ?? null), high: s.band && column(s, (n) => s.band?.high[n] ?? null),
  })), [series])
  const times = whole ? table_times(whole.from_us / 1e6, whole.to_us / 1e6, ROWS) : []
  const rows = times.map((t) => ({ t, cells: all.map((c) => [at(c.line, t), c.low ? at(c.low, t) : null, c.high ? at(c.high, t) : null] as const) }))
    .filter((row) => row.cells.some(([v]) => v !== null))
  return (
    <div class="chart-table" tabIndex={0} role="region" aria-label={`${title}: numbers`}>
      {marks.length > 0 && (
        <ul>{marks.map((m) => <li key={m.label}>{m.label}: {hm(m.time_us)}{m.until_us !== undefined && ` to ${hm(m.until_us)}`} UTC</li>)}</ul>
      )}
      {rows.length === 0 ? <p class="empty">No values in this time.</p> : (
        <table>
          <thead><tr><th scope="col">Time, UTC</th>{series.map((s) => <th key={s.label} scope="col" class="n">{s.label}{s.band && ` (${s.band.label})`}</th>)}</tr></thead>
          <tbody>{rows.map(({ t, cells }) => (
            <tr key={t}>
              <th scope="row"><time dateTime={iso(t * 1e6)}>{day(t * 1e6)} {hms(t * 1e6)}</time></th>
              {cells.map(([v, low, high], n) => (
                <td key={series[n]?.label} class="n">
                  {v === null ? '-' : number(v, series[n]?.unit ?? '')}{low !== null && high !== null && <span class="soft"> ({number(low, series[n]?.unit ?? '')} to {number(high, series[n]?.unit ?? '')})</span>}
                </td>
              ))}
            </tr>
          ))}</tbody>
        </table>
      )}
    </div>
  )
}
