import { day, hm } from '../time'
import { ticks } from '../city/Lanes'

export interface Line { points: readonly (readonly [number, number])[]; kind: 'observed' | 'forecast' }
export interface Band { x: number[]; low: number[]; high: number[] }

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [720, 200, 52, 34]

/** A chart of lines and a band drawn as vectors in the style sheet's colours: sharp on paper, and black on white there whatever the screen shows. */
export function PaperChart({ title, lines, band, from_us, to_us, marks }: { title: string; lines: Line[]; band: Band | null; from_us: number; to_us: number; marks: { time_us: number; label: string }[] }) {
  const inside = (us: number) => us >= from_us && us <= to_us
  const values = [...lines.flatMap((l) => l.points.filter(([t]) => inside(t)).map(([, v]) => v)), ...(band ? [...band.low, ...band.high].filter((_, n) => inside(band.x[n % band.x.length] as number)) : [])].filter(Number.isFinite)
  if (values.length === 0) return <p class="empty">{title}: no values in this time.</p>
  const [least, most] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [0, 0])
  const half = Math.max((most - least) * 0.55, 0.05)
  const [low, high] = [(most + least) / 2 - half, (most + least) / 2 + half]
  const x = (us: number) => LEFT + ((us - from_us) / (to_us - from_us)) * (WIDTH - LEFT - 6)
  const y = (m: number) => 6 + ((high - m) / (high - low)) * (HEIGHT - BOTTOM - 6)
  const at = (us: number, m: number) => `${x(us).toFixed(1)} ${y(m).toFixed(1)}`
  const path = (points: readonly (readonly [number, number])[]) => points.filter(([t]) => inside(t)).map(([t, v], n) => `${n === 0 ? 'M' : 'L'}${at(t, v)}`).join('')
  const area = band && [...band.x.map((t, n) => [t, band.high[n]] as const), ...band.x.map((t, n) => [t, band.low[n]] as const).reverse()].filter(([t, v]) => inside(t) && v !== undefined && Number.isFinite(v))
  const span = high - low
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10].find((s) => span / s <= 6) ?? 20
  const levels: number[] = []
  for (let v = Math.ceil(low / step) * step; v <= high && levels.length < 12; v += step) levels.push(v)
  return (
    <svg class="paper-chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title}>
      {levels.map((v) => <g key={v}><line class="grid" x1={LEFT} x2={WIDTH - 6} y1={y(v)} y2={y(v)} /><text x={LEFT - 6} y={y(v) + 4} text-anchor="end">{v.toFixed(step < 0.1 ? 2 : 1)}</text></g>)}
      <text x={4} y={14}>m</text>
      {ticks(from_us, to_us, 9).map((t) => <g key={t}><line class="grid" x1={x(t)} x2={x(t)} y1={6} y2={HEIGHT - BOTTOM} /><text x={x(t)} y={HEIGHT - 18} text-anchor="middle">{hm(t)}</text></g>)}
      <text x={LEFT} y={HEIGHT - 4}>{day(from_us)}, UTC</text>
      {area && area.length > 0 && <path class="band-area" d={`M${area.map(([t, v]) => at(t, v as number)).join('L')}Z`} />}
      {lines.map((l, n) => <path key={n} class={`line ${l.kind}`} d={path(l.points)} />)}
      {marks.filter((m) => inside(m.time_us)).map((m, n) => <g key={m.label}><line class="moment" x1={x(m.time_us)} x2={x(m.time_us)} y1={6} y2={HEIGHT - BOTTOM} /><text x={x(m.time_us) + (x(m.time_us) > WIDTH * 0.75 ? -4 : 4)} y={16 + n * 13} text-anchor={x(m.time_us) > WIDTH * 0.75 ? 'end' : 'start'}>{m.label}</text></g>)}
    </svg>
  )
}
