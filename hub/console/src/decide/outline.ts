// A small map of areas without a map library: equirectangular about the areas' middle, longitudes unwrapped there, so that an area over the date
// line stays in one piece.

export interface Area { name: string; polygon: [number, number][][] }
export interface Frame { west: number; east: number; south: number; north: number; /** Longitude that others are unwrapped about. */ middle: number; width: number; height: number }

/** Room about the areas, and the least that is shown, degrees. */
const MARGIN = 0.35
const LEAST_DEG = 3
/** A very long coast is shown at most this much taller than wide, in the same scale. */
const TALL = 1.6
const WIDTH = 320

const unwrap = (lon: number, about: number) => lon + 360 * Math.round((about - lon) / 360)

/** What of the world is shown; `null` where no area has an outline. */
export function frame(areas: readonly Area[]): Frame | null {
  const points = areas.flatMap((a) => a.polygon.flat()).filter((p) => p.every(Number.isFinite))
  const first = points[0]
  if (!first) return null
  const lons = points.map((p) => unwrap(p[1], first[1]))
  const lats = points.map((p) => p[0])
  // Point by point: a long coast has more points than a call may have arguments.
  const least = (list: number[]) => list.reduce((a, b) => Math.min(a, b), Infinity)
  const most = (list: number[]) => list.reduce((a, b) => Math.max(a, b), -Infinity)
  const middle = (least(lons) + most(lons)) / 2
  const centre = (least(lats) + most(lats)) / 2
  const shrink = Math.max(Math.cos((centre * Math.PI) / 180), 0.1)
  let wide = Math.max((most(lons) - least(lons)) * shrink * (1 + MARGIN), LEAST_DEG)
  let tall = Math.max((most(lats) - least(lats)) * (1 + MARGIN), LEAST_DEG)
  wide = Math.max(wide, tall / TALL)
  tall = Math.max(tall, wide * 0.6)
  return {
    west: middle - wide / shrink / 2, east: middle + wide / shrink / 2, south: Math.max(centre - tall / 2, -90), north: Math.min(centre + tall / 2, 90),
    middle, width: WIDTH, height: Math.round((WIDTH * tall) / wide),
  }
}

const place = (f: Frame, lat: number, lon: number): [number, number] => [((lon - f.west) / (f.east - f.west)) * f.width, ((f.north - lat) / (f.north - f.south)) * f.height]

const path = (points: readonly [number, number][]) => (points.length > 1 ? `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}Z` : '')

/** An area's outlines as an SVG path. */
export const area_path = (f: Frame, area: Area) => area.polygon.map((ring) => path(ring.map(([lat, lon]) => place(f, lat, unwrap(lon, f.middle))))).join('')

/** The middle of an area, for its name. */
export function area_middle(f: Frame, area: Area): [number, number] {
  const points = area.polygon.flat().map(([lat, lon]) => place(f, lat, unwrap(lon, f.middle)))
  const mean = (n: 0 | 1) => points.reduce((sum, p) => sum + p[n], 0) / Math.max(points.length, 1)
  return [mean(0), mean(1)]
}

/** Width of a letter and height of a line of the names, in the frame's units. */
const LETTER = 6.3
const LINE = 13

export interface Name { text: string; x: number; y: number; anchor: 'start' | 'end' }

/** Where the areas' names stand beside them; those that would lie over another are left out: the list beside the map has them all. */
export function names(f: Frame, areas: readonly Area[]): Name[] {
  const placed: (Name & { from: number; to: number })[] = []
  for (const area of areas) {
    const [x, y] = area_middle(f, area)
    const wide = area.name.length * LETTER
    const anchor = x > f.width * 0.6 ? 'end' : 'start'
    const at = anchor === 'end' ? x - 12 : x + 12
    const [from, to] = anchor === 'end' ? [at - wide, at] : [at, at + wide]
    if (placed.some((p) => Math.abs(p.y - y - 4) < LINE && from < p.to && to > p.from)) continue
    placed.push({ text: area.name, x: at, y: y + 4, anchor, from, to })
  }
  return placed.map(({ text, x, y, anchor }) => ({ text, x, y, anchor }))
}

/** Land beyond the frame is drawn up to so many frames away; the path stays short. */
const BEYOND = 1

/** Rings of land, `[lon, lat]`, as one SVG path; those that are out of sight are left out. */
export function land_path(f: Frame, rings: readonly (readonly (readonly [number, number])[])[]): string {
  const [dx, dy] = [f.width * BEYOND, f.height * BEYOND]
  const within = (v: number, low: number, high: number) => Math.min(Math.max(v, low), high)
  let all = ''
  for (const ring of rings) {
    const lons = ring.map((p) => p[0])
    const [west, east] = [lons.reduce((a, b) => Math.min(a, b), Infinity), lons.reduce((a, b) => Math.max(a, b), -Infinity)]
    for (const turn of [-360, 0, 360]) {
      if (east + turn < f.west || west + turn > f.east) continue
      const points: [number, number][] = []
      let inside = false
      for (const [lon, lat] of ring) {
        const [x, y] = place(f, lat, lon + turn)
        const point: [number, number] = [within(x, -dx, f.width + dx), within(y, -dy, f.height + dy)]
        const last = points.at(-1)
        if (last && Math.abs(last[0] - point[0]) < 0.2 && Math.abs(last[1] - point[1]) < 0.2) continue
        inside ||= point[1] > -dy && point[1] < f.height + dy
        points.push(point)
      }
      if (inside) all += path(points)
    }
  }
  return all
}
