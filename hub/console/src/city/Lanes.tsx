import type { Evidence } from '../api'
import { hm } from '../time'
import { LANES, on } from './city'

const WIDTH = 800
const LEFT = 150
const ROW = 20
/** The least that a bar is wide: what lasted a moment is seen too. */
const LEAST = 4

const STEPS_MIN = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440]

/** Round times for an axis, at most about `most`. */
export function ticks(from_us: number, to_us: number, most: number): number[] {
  const step = (STEPS_MIN.find((m) => (to_us - from_us) / (m * 60e6) <= most) ?? 2880) * 60e6
  const list: number[] = []
  for (let t = Math.ceil(from_us / step) * step; t <= to_us && list.length < 64; t += step) list.push(t)
  return list
}

/** What belongs together on one clock: a lane for each kind, a bar for each finding. The list below says the same in words. */
export function Lanes({ evidence, now_us, over_us, title }: { evidence: Evidence[]; now_us: number; over_us: number | null; title: string }) {
  if (evidence.length === 0) return null
  const from = Math.min(...evidence.map((e) => e.since_us))
  const last = Math.max(...evidence.map((e) => e.until_us ?? now_us))
  const to = Math.max(over_us === null ? now_us : last, from + 10 * 60e6)
  const pad = (to - from) * 0.03
  const [start, end] = [from - pad, to + pad]
  const x = (us: number) => LEFT + ((Math.min(Math.max(us, start), end) - start) / (end - start)) * (WIDTH - LEFT - 8)
  const lanes = LANES.filter(([kind]) => evidence.some((e) => e.kind === kind))
  const height = lanes.length * ROW + 22
  return (
    <svg class="lanes" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`Course in time of: ${title}`}>
      <g class="axis">{ticks(start, end, 8).map((t) => <g key={t}><line x1={x(t)} x2={x(t)} y1={0} y2={height - 18} /><text x={x(t)} y={height - 5} text-anchor="middle">{hm(t)}</text></g>)}
        <text x={LEFT - 8} y={height - 5} text-anchor="end">UTC</text></g>
      {lanes.map(([kind, name], row) => (
        <g key={kind}>
          <text x={LEFT - 8} y={row * ROW + 14} text-anchor="end">{name}</text>
          {evidence.filter((e) => e.kind === kind).map((e) => {
            const left = x(e.since_us)
            return <rect key={e.key} class={`bar${on(e) ? ' on' : ''}${e.damage ? ' damage' : ''}`} x={left} y={row * ROW + 4} width={Math.max(LEAST, x(e.until_us ?? end) - left)} height={ROW - 7} rx={2}><title>{e.name}</title></rect>
          })}
        </g>
      ))}
      {now_us >= start && now_us <= end && <line class="now" x1={x(now_us)} x2={x(now_us)} y1={0} y2={height - 18} />}
    </svg>
  )
}
