import { useMemo } from 'preact/hooks'
import type { Curve, EventView } from '../api'
import { Chart, type ChartMark, type ChartSeries } from '../chart/Chart'
import { usePolled } from '../poll'
import { useSeen } from '../seen'
import { useSeries } from '../series'
import type { StationStory } from './compare'
import { PaperChart, type Band, type Line } from './PaperChart'

const HOUR_US = 3_600e6

const times = (c: Curve) => c.median_m.map((_, n) => c.start_us + n * c.step_s * 1e6)

/** The record of a station with the forecast curve and its band; vectors on paper. */
export function StationCurves({ event, story, paper }: { event: EventView; story: StationStory; paper: boolean }) {
  const [at, near] = useSeen<HTMLDivElement>()
  const wanted = near || paper
  const begin = story.observed?.onset_us ?? story.rows.at(-1)?.forecast.arrival_us ?? event.began_us
  const [from_us, to_us] = [begin - HOUR_US, Math.max(story.observed?.amplitude_us ?? 0, begin) + 3 * HOUR_US]
  const { series, error } = useSeries(wanted ? { station: story.id, quantity: 'wave', from_us, to_us, points: 800 } : null)
  const curve = usePolled<Curve>(wanted ? `api/events/${encodeURIComponent(event.id)}/curves/${encodeURIComponent(story.id)}` : null, 0).data
  const first = story.first?.forecast
  const marks = useMemo<ChartMark[]>(() => [
    ...(first ? [{ time_us: first.arrival_us, label: 'first forecast', colour: '--forecast' }] : []),
    ...(story.observed ? [{ time_us: story.observed.onset_us, label: 'wave', colour: '--observed' }] : []),
  ], [first?.arrival_us, story.observed?.onset_us])
  const drawn = useMemo<ChartSeries[]>(() => [
    ...(series && series.points.length > 0 ? [{ label: 'Observed, without tide', unit: 'm', points: series.points, colour: '--observed' }] : []),
    ...(curve ? [{ label: 'Last forecast', unit: 'm', x: times(curve), y: curve.median_m, band: { label: '5-95 %', low: curve.p05_m, high: curve.p95_m }, dash: true, colour: '--forecast' }] : []),
  ], [series, curve])
  const title = `${story.name}: recorded wave and last forecast`
  if (drawn.length === 0) return <div ref={at}><p class="empty">{series ? 'No record of the wave is kept here.' : error === '' ? 'Asking for the record.' : `No chart: ${error}`}</p></div>
  if (!paper) return <div ref={at}><Chart title={title} series={drawn} marks={marks} range={{ from_us, to_us }} height={10} /></div>
  const lines: Line[] = [...(curve ? [{ kind: 'forecast' as const, points: times(curve).map((t, n) => [t, curve.median_m[n] ?? NaN] as const) }] : []), ...(series ? [{ kind: 'observed' as const, points: series.points.map(([t, v]) => [t, v] as const) }] : [])]
  const band: Band | null = curve && { x: times(curve), low: curve.p05_m, high: curve.p95_m }
  return <div ref={at}><PaperChart title={title} lines={lines} band={band} from_us={from_us} to_us={to_us} marks={marks} />
    <p class="soft">Full line: recorded, without tide. Dashed: {curve ? `last forecast, from ${curve.from}; its 5-95 % band shaded` : 'no forecast curve is kept'}.</p></div>
}
