// Places on a round earth drawn flat. Longitudes are unwrapped around a centre, so that what lies on both sides of the date line stays whole:
// the map draws the world again on either side and puts what goes past 180 where it belongs.

import type { Position } from 'geojson'

/** Degrees; `east` may be past 180. */
export interface Box { west: number; south: number; east: number; north: number }

/** Mercator has no poles. */
export const MERCATOR_LIMIT = 85.051129

/** The longitude that is the same place and nearest to `centre`. */
export const unwrap = (lon: number, centre: number) => lon - 360 * Math.round((lon - centre) / 360)

/** A longitude in [-180, 180). */
export const normal = (lon: number) => lon - 360 * Math.floor((lon + 180) / 360)

const sound = ([lat, lon]: readonly [number, number]) => Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat) <= 90 && Math.abs(lon) <= 540

/** A line of `[lat, lon]` as GeoJSON positions without a jump; what is no place is left out. */
export function line_of(places: readonly (readonly [number, number])[], centre: number): Position[] {
  let before = centre
  return places.filter(sound).map(([lat, lon]) => {
    before = unwrap(lon, before)
    return [before, lat]
  })
}

/** A closed ring; empty where there are fewer than three places. */
export function ring_of(places: readonly (readonly [number, number])[], centre: number): Position[] {
  const line = line_of(places, centre)
  const [first, last] = [line[0], line.at(-1)]
  if (!first || !last || line.length < 3) return []
  return first[0] === last[0] && first[1] === last[1] ? line : [...line, first]
}

/** What holds all positions, as they stand. */
export function box_of(positions: Iterable<Position>): Box | null {
  let box: Box | null = null
  for (const [lon, lat] of positions) {
    if (lon === undefined || lat === undefined || !Number.isFinite(lon) || !Number.isFinite(lat)) continue
    box ??= { west: lon, south: lat, east: lon, north: lat }
    box.west = Math.min(box.west, lon)
    box.east = Math.max(box.east, lon)
    box.south = Math.min(box.south, lat)
    box.north = Math.max(box.north, lat)
  }
  return box
}

/** The narrowest box around places `[lat, lon]`, on whichever side of the earth they lie. */
export function narrowest(places: readonly (readonly [number, number])[]): Box | null {
  const good = places.filter(sound)
  const lons = good.map(([, lon]) => normal(lon)).sort((a, b) => a - b)
  if (lons.length === 0) return null
  // The box is what remains when the widest gap between neighbours is left out.
  let [gap, after] = [lons[0]! + 360 - lons.at(-1)!, 0]
  for (let i = 1; i < lons.length; i++) {
    const here = lons[i]! - lons[i - 1]!
    if (here > gap) [gap, after] = [here, i]
  }
  const west = lons[after]!
  const lats = good.map(([lat]) => lat)
  return { west, east: west + 360 - gap, south: lats.reduce((a, b) => Math.min(a, b)), north: lats.reduce((a, b) => Math.max(a, b)) }
}

/** Mercator's y of a latitude: 0 at the north limit, 1 at the south limit. */
export function mercator_y(lat: number): number {
  const bounded = Math.max(-MERCATOR_LIMIT, Math.min(MERCATOR_LIMIT, lat))
  return 0.5 - Math.log(Math.tan(Math.PI / 4 + (bounded * Math.PI) / 360)) / (2 * Math.PI)
}

/** The latitude at a Mercator y. */
export const latitude_at = (y: number) => (Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360) / Math.PI - 90

/** A circle of `km` around a place, as a ring; enough for the kilometres of an earthquake's region. */
export function circle(lat: number, lon: number, km: number, corners = 72): Position[] {
  const [phi, d] = [(lat * Math.PI) / 180, Math.min(km, 10_000) / 6371]
  return Array.from({ length: corners + 1 }, (_, i) => {
    const bearing = (i / corners) * 2 * Math.PI
    const at = Math.asin(Math.sin(phi) * Math.cos(d) + Math.cos(phi) * Math.sin(d) * Math.cos(bearing))
    const turn = Math.atan2(Math.sin(bearing) * Math.sin(d) * Math.cos(phi), Math.cos(d) - Math.sin(phi) * Math.sin(at))
    return [lon + (turn * 180) / Math.PI, (at * 180) / Math.PI]
  })
}

/** `12.34° S, 178.90° W` */
export function place_name(lat: number, lon: number): string {
  const east = normal(lon)
  return `${Math.abs(lat).toFixed(2)}° ${lat < 0 ? 'S' : 'N'}, ${Math.abs(east).toFixed(2)}° ${east < 0 ? 'W' : 'E'}`
}
