// A chart by uPlot: built once, then given new numbers. Marks and levels are drawn over it on the same canvas.

import uPlot from 'uplot'
import { colour } from '../look'
import { day, hm, hms } from '../time'
import { at, column, in_doubt, room, value_at, type ChartLevel, type ChartMark, type ChartRange, type ChartSeries, type Column } from './data'

export interface Picture { series: readonly ChartSeries[]; marks: readonly ChartMark[]; levels: readonly ChartLevel[]; range: ChartRange | null; least: number }

const css = (name: string) => (name.startsWith('--') ? colour(name) : name)

/** The columns of a picture in the order that uPlot draws them; each series gives its line, then its band, then its doubtful values. */
export function columns(series: readonly ChartSeries[]): Column[] {
  return series.flatMap((s) => {
    const all = [column(s, (n) => value_at(s, n))]
    if (s.band) { const { low, high } = s.band; all.push(column(s, (n) => high[n] ?? null), column(s, (n) => low[n] ?? null)) }
    if (s.points) all.push(in_doubt(s))
    return all
  })
}

export const data_of = (series: readonly ChartSeries[]): uPlot.AlignedData => {
  const all = columns(series)
  if (all.every((c) => c.x.length === 0)) return [[], ...all.map(() => [])] as unknown as uPlot.AlignedData
  return uPlot.join(all.map((c) => [c.x, c.y] as uPlot.AlignedData))
}

/** What a plot must be built anew for: other series, colours, sizes of letters. */
export const shape_of = (series: readonly ChartSeries[]) =>
  series.map((s) => [s.label, s.unit, s.colour, s.dash, s.dots, s.band !== undefined, s.points !== undefined].join('|')).join('\n')

const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize) || 16

function lines(series: readonly ChartSeries[]): [uPlot.Series[], uPlot.Band[]] {
  const list: uPlot.Series[] = [{}]
  const bands: uPlot.Band[] = []
  for (const s of series) {
    const stroke = css(s.colour)
    list.push({ label: s.label, stroke, width: s.dots ? 0 : 2, dash: s.dash ? [7, 4] : undefined, points: s.dots ? { show: true, size: 5, fill: stroke } : { show: false } })
    if (s.band) {
      const thin = { stroke, width: 0.75, points: { show: false } }
      bands.push({ series: [list.length, list.length + 1], fill: css('--band') })
      list.push({ label: `${s.label} high`, ...thin }, { label: `${s.label} low`, ...thin })
    }
    if (s.points) list.push({ label: `${s.label} in doubt`, stroke: css('--fault'), width: 0, points: { show: true, size: 6, stroke: css('--fault'), fill: css('--card') } })
  }
  return [list, bands]
}

/** Hours and minutes, with the day where a new one begins. */
function times(_: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] {
  let before = ''
  return splits.map((t) => {
    const us = t * 1e6
    const text = step < 60 ? hms(us) : hm(us)
    const today = day(us)
    const shown = today === before ? text : `${text}\n${today}`
    before = today
    return shown
  })
}

function draw(u: uPlot, picture: Picture) {
  const { ctx, bbox } = u
  const letter = rem() * 0.8 * devicePixelRatio
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  ctx.font = `600 ${letter}px system-ui, sans-serif`
  ctx.lineWidth = 1.5 * devicePixelRatio
  ctx.textAlign = 'left'
  ctx.textBaseline = 'alphabetic'
  for (const level of picture.levels) {
    const y = u.valToPos(level.value, 'y', true)
    ctx.strokeStyle = ctx.fillStyle = css(level.colour ?? '--soft')
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio])
    line(ctx, bbox.left, y, bbox.left + bbox.width, y)
    ctx.fillText(level.label, bbox.left + 4, y - letter * 0.3)
  }
  ctx.setLineDash([])
  let row = 0
  for (const mark of picture.marks) {
    const x = u.valToPos(mark.time_us / 1e6, 'x', true)
    const end = mark.until_us === undefined ? x : u.valToPos(mark.until_us / 1e6, 'x', true)
    if (end < bbox.left || x > bbox.left + bbox.width) continue
    ctx.strokeStyle = ctx.fillStyle = css(mark.colour ?? '--ink')
    if (end > x) {
      ctx.globalAlpha = 0.16
      ctx.fillRect(x, bbox.top, end - x, bbox.height)
      ctx.globalAlpha = 1
    } else line(ctx, x, bbox.top, x, bbox.top + bbox.height)
    const wide = ctx.measureText(mark.label).width
    const left = Math.min(Math.max(Math.max(x, bbox.left) + letter * 0.3, bbox.left), bbox.left + bbox.width - wide - 2)
    ctx.fillText(mark.label, left, bbox.top + letter * (1 + 1.15 * (row++ % 3)))
  }
  ctx.restore()
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number) {
  ctx.beginPath()
  ctx.moveTo(x0, y0)
  ctx.lineTo(x1, y1)
  ctx.stroke()
}

/** Builds a plot into `into`. `look` says what marks, levels and range are now; `hover` is told the time under the pointer, seconds. */
export function build(into: HTMLElement, height: number, unit: string, now: () => Picture, hover: (time_s: number | null) => void): uPlot {
  const [series, bands] = lines(now().series)
  const letter = rem() * 0.8
  const [ink, grid] = [css('--soft'), { stroke: css('--line'), width: 1 }]
  const font = `${letter}px system-ui, sans-serif`
  const axis = { stroke: ink, grid, ticks: grid, font }
  const whole = (u: uPlot): [number, number] => [u.data[0][0] ?? 0, u.data[0].at(-1) ?? 1]
  return new uPlot({
    width: Math.max(into.clientWidth, 120), height, series, bands,
    // Without it the browser's own zone would be written on the axis.
    tzDate: (t) => uPlot.tzDate(new Date(t * 1e3), 'Etc/UTC'),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { show: false } },
    scales: {
      x: { time: true, range: (u) => { const r = now().range; return r ? [r.from_us / 1e6, r.to_us / 1e6] : whole(u) } },
      y: { range: (_, low, high) => room(low, high, now().least) },
    },
    axes: [{ ...axis, values: times, space: letter * 6, size: letter * 3.9 }, { ...axis, size: letter * 4.6, label: unit, labelSize: letter * 1.6, labelFont: `600 ${font}` }],
    hooks: {
      draw: [(u) => draw(u, now())],
      setCursor: [(u) => hover(u.cursor.left === undefined || u.cursor.left < 0 ? null : u.posToVal(u.cursor.left, 'x'))],
    },
  }, data_of(now().series), into)
}

/** A line's value at a time, seconds. */
export const read = (series: ChartSeries, time_s: number) => at(column(series, (n) => value_at(series, n)), time_s)
