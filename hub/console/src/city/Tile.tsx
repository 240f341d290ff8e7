import { useMemo } from 'preact/hooks'
import type { Evidence, EventView, Station } from '../api'
import { Chart, type ChartMark, type ChartRange } from '../chart/Chart'
import { now_us } from '../hub'
import { doubtful, flags } from '../quality'
import { StateMark } from '../StateMark'
import { useSeen } from '../seen'
import { useSeries } from '../series'
import { number, span, words } from '../time'
import { of_station } from './city'

/** A value older than this is shown as old. */
const OLD_US = 15 * 60e6

/** The least that a scale spans, by quantity, in its unit: noise is not blown up to an incident. */
const LEAST: Record<string, number> = { speed: 40, flow: 400, occupancy: 20, voltage: 40, active_power: 200, frequency: 0.5 }

interface TileProps { station: Station; quantities: readonly string[]; range: ChartRange; evidence: Evidence[]; event: EventView | null }

/** One station: what it says now, what is found there, and small charts of the time before. */
export function Tile({ station: s, quantities, range, evidence, event }: TileProps) {
  const [at, seen] = useSeen<HTMLElement>()
  const mine = evidence.filter((e) => of_station(e, s.id))
  const has = quantities.filter((q) => q in s.latest)
  const key = `${mine.map((e) => `${e.key} ${e.until_us}`).join()} ${event?.id}`
  const marks = useMemo<ChartMark[]>(() => [
    ...(event?.source.kind === 'earthquake' ? [{ time_us: event.source.origin_us, label: 'quake', colour: '--level-major' }] : []),
    ...mine.map((e) => ({ time_us: e.since_us, until_us: e.until_us ?? range.to_us, label: words(e.kind).toLowerCase(), colour: '--level-warning' })),
  ], [key, range.to_us])
  return (
    <article class="tile" data-state={s.state} ref={at}>
      <h4>{s.name} <StateMark state={s.state} /></h4>
      {s.name !== s.id && <p class="soft">{s.id}</p>}
      {s.finding !== '' && <p class="found">{s.finding}</p>}
      {mine.filter((e) => e.until_us === null && e.because).map((e) => <p key={e.key}>{words(e.kind)}: {e.because}</p>)}
      <div class="values">
        {has.map((q) => {
          const l = s.latest[q]
          if (!l) return null
          const age = now_us.value - l.time_us
          return (
            <div key={q} class={age > OLD_US ? 'stale' : undefined}>
              <span class="soft">{words(q)}</span><b>{number(l.value, l.unit)}</b>
              <span class={age > OLD_US ? 'doubt' : 'soft'}>{span(age)} ago</span>
              {doubtful(l.quality) && <span class="doubt">{flags(l.quality).join(', ')}</span>}
            </div>
          )
        })}
        {has.length === 0 && <p class="empty">Nothing received yet.</p>}
      </div>
      {seen && has.map((q) => <History key={q} station={s} quantity={q} range={range} marks={marks} />)}
    </article>
  )
}

function History({ station, quantity, range, marks }: { station: Station; quantity: string; range: ChartRange; marks: ChartMark[] }) {
  const { series, error } = useSeries({ station: station.id, quantity, ...range })
  const lines = useMemo(() => (series ? [{ label: words(quantity), unit: series.unit, points: series.points, colour: '--observed' }] : []), [series])
  if (!series) return <p class="empty">{words(quantity)}: {error === '' ? 'asking for its history' : error}</p>
  if (series.points.length === 0) return <p class="empty">{words(quantity)}: nothing was received in this time.</p>
  return <>
    <Chart title={`${words(quantity)} at ${station.name}`} series={lines} range={range} marks={marks} height={9} least={LEAST[quantity] ?? 1} />
    {error !== '' && <p class="doubt">Not up to date: {error}</p>}
  </>
}
