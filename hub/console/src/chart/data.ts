// What a chart draws, as numbers: several series on one time axis, gaps where nothing was measured, the rows of the table beside it. Times are
// microseconds since the Unix epoch.

import { doubtful } from '../quality'

/** A line over time, given as points or as two columns. */
export interface ChartSeries {
  label: string
  /** Unit as `wire` names it; `m`, `Pa`, `km/h`. */
  unit: string
  /** Time, value, and the quality flags where there are any; in order of time. */
  points?: readonly (readonly [number, number, number?])[]
  x?: ArrayLike<number>
  y?: ArrayLike<number | null>
  /** The range about the line, each as long as `x`. */
  band?: { label: string; low: ArrayLike<number | null>; high: ArrayLike<number | null> }
  dash?: boolean
  /** A variable of the style sheet (`--observed`) or a CSS colour. */
  colour: string
  /** Draws the values as dots, unconnected. */
  dots?: boolean
}

/** Something at a time, or from a time on until another. */
export interface ChartMark { time_us: number; until_us?: number; label: string; colour?: string }
/** A horizontal line, such as the height of a warning; drawn where the scale reaches it. */
export interface ChartLevel { value: number; label: string; colour?: string }
export interface ChartRange { from_us: number; to_us: number }

/** One column: times in seconds, and what is drawn over them. */
export interface Column { x: number[]; y: (number | null)[] }

/** So many usual steps without a value are a gap: the line is broken there, not drawn across what nobody measured. */
const GAP_STEPS = 5

const seconds = (us: number) => us / 1e6

/** The usual step between times: the median. */
export function usual_step(x: readonly number[]): number {
  const steps = x.slice(1).map((t, n) => t - (x[n] as number)).filter((s) => s > 0).sort((a, b) => a - b)
  return steps[Math.floor(steps.length / 2)] ?? 0
}

/** The values of a series in seconds, with a null in each gap. Times that do not increase are left out. */
export function column(series: ChartSeries, pick: (n: number) => number | null): Column {
  const n = series.points ? series.points.length : (series.x?.length ?? 0)
  const x: number[] = []
  const y: (number | null)[] = []
  for (let i = 0; i < n; i++) {
    const t = seconds(series.points ? (series.points[i]?.[0] ?? NaN) : (series.x?.[i] ?? NaN))
    if (!Number.isFinite(t) || t <= (x.at(-1) ?? -Infinity)) continue
    const value = pick(i)
    x.push(t)
    y.push(value !== null && Number.isFinite(value) ? value : null)
  }
  const longest = usual_step(x) * GAP_STEPS
  if (longest <= 0) return { x, y }
  const broken: Column = { x: [], y: [] }
  x.forEach((t, i) => {
    const before = x[i - 1]
    if (before !== undefined && t - before > longest) {
      broken.x.push((before + t) / 2)
      broken.y.push(null)
    }
    broken.x.push(t)
    broken.y.push(y[i] ?? null)
  })
  return broken
}

/** The value of a series at its nth place. */
export const value_at = (series: ChartSeries, n: number): number | null => (series.points ? (series.points[n]?.[1] ?? null) : (series.y?.[n] ?? null))

/** The values that their sensor's quality flags throw doubt on. */
export function in_doubt(series: ChartSeries): Column {
  const flagged = (series.points ?? []).filter((p) => doubtful(p[2] ?? 0))
  return { x: flagged.map((p) => seconds(p[0])), y: flagged.map((p) => p[1]) }
}

/** The value at a time, between its neighbours; null where there is none, or in a gap. */
export function at(c: Column, t: number): number | null {
  let [low, high] = [0, c.x.length - 1]
  if (high < 0 || t < (c.x[0] as number) || t > (c.x[high] as number)) return null
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((c.x[middle] as number) <= t) low = middle
    else high = middle
  }
  const [x0, x1, y0, y1] = [c.x[low] as number, c.x[high] as number, c.y[low] ?? null, c.y[high] ?? null]
  if (t === x0) return y0
  if (t === x1) return y1
  if (y0 === null || y1 === null) return null
  return x1 === x0 ? y0 : y0 + ((y1 - y0) * (t - x0)) / (x1 - x0)
}

/** Steps that people count in, seconds. */
const STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400]

/** Times of a table with at most `most` rows over a range, seconds: round ones. */
export function table_times(from_s: number, to_s: number, most: number): number[] {
  if (!(to_s > from_s)) return []
  const step = STEPS.find((s) => (to_s - from_s) / s <= most) ?? Math.ceil((to_s - from_s) / most / 86400) * 86400
  const times: number[] = []
  for (let t = Math.ceil(from_s / step) * step; t <= to_s; t += step) times.push(t)
  return times
}

/** First and last time of all series, microseconds; null where there is nothing. */
export function extent(series: readonly ChartSeries[]): ChartRange | null {
  let [from, to] = [Infinity, -Infinity]
  for (const s of series) {
    const n = s.points ? s.points.length : (s.x?.length ?? 0)
    if (n === 0) continue
    const time = (i: number) => (s.points ? (s.points[i]?.[0] ?? NaN) : (s.x?.[i] ?? NaN))
    from = Math.min(from, time(0))
    to = Math.max(to, time(n - 1))
  }
  return to >= from ? { from_us: from, to_us: to } : null
}

/** A vertical scale that shows all of `[low, high]`, never less than `least`, with a little room. */
export function room(low: number | null, high: number | null, least: number): [number, number] {
  if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) return [-least / 2, least / 2]
  const middle = (low + high) / 2
  const half = Math.max((high - low) * 0.55, least / 2)
  return [middle - half, middle + half]
}
