// Land, coasts and borders (Natural Earth, by world-atlas), from files of the page's own. Its rings go round the
// earth: over the date line with a jump, and around the pole without an end. Drawn flat they need neither.

import type { FeatureCollection, Geometry, MultiLineString, Position } from 'geojson'
import { feature, mesh } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import fine from 'world-atlas/countries-10m.json?url'
import coarse from 'world-atlas/countries-50m.json?url'
import { get } from '../requests'
import { box_of, unwrap } from './geo'

export type World = Topology<{ countries: GeometryCollection; land: GeometryCollection }>
export interface Base { land: FeatureCollection; coasts: MultiLineString; borders: MultiLineString }

const kept = new Map<string, Promise<Base>>()

/** `fine` is for close views: coasts to about a kilometre, 1 MB more to fetch. */
export function base(detail: 'coarse' | 'fine'): Promise<Base> {
  const url = detail === 'fine' ? fine : coarse
  const known = kept.get(url)
  if (known) return known
  const loading = get<World>(url).then(parts)
  kept.set(url, loading)
  // A failure is not kept: the next call tries again.
  loading.catch(() => kept.delete(url))
  return loading
}

export function parts(world: World): Base {
  const land = feature(world, world.objects.land)
  const lines = (mesh_of: MultiLineString): MultiLineString => ({ type: 'MultiLineString', coordinates: mesh_of.coordinates.filter(off_the_pole).map((line) => unwrapped(line)) })
  return {
    land: { ...land, features: land.features.map((f) => ({ ...f, geometry: whole(f.geometry) })) },
    coasts: lines(mesh(world, world.objects.countries as never, (a, b) => a === b)),
    borders: lines(mesh(world, world.objects.countries as never, (a, b) => a !== b)),
  }
}

/** The data have a ring of a few hundred metres around the south pole, left over from when they were cut there. */
const off_the_pole = (line: Position[]) => line.some(([, lat = 0]) => lat > -89.9)

/** A line without the jump from 180 to -180; it goes on past 180. */
function unwrapped(line: Position[], centre = line[0]?.[0] ?? 0): Position[] {
  let before = centre
  return line.map(([lon = 0, lat = 0]) => {
    before = unwrap(lon, before)
    return [before, lat]
  })
}

/** Polygons whose rings go over the date line, in one piece; the one around the pole is closed along the pole. */
function whole(geometry: Geometry): Geometry {
  if (geometry.type === 'Polygon') return { type: 'Polygon', coordinates: rings(geometry.coordinates) }
  if (geometry.type === 'MultiPolygon') return { type: 'MultiPolygon', coordinates: geometry.coordinates.map(rings).filter((polygon) => polygon.length > 0) }
  return geometry
}

function rings(of: Position[][]): Position[][] {
  const [outer = [], ...holes] = of.filter(off_the_pole)
  const rim = unwrapped(outer)
  const [first, last] = [rim[0], rim.at(-1)]
  if (!first || !last) return []
  const around = Math.abs((last[0] ?? 0) - (first[0] ?? 0)) > 180
  const pole = (first[1] ?? 0) < 0 ? -90 : 90
  const closed = around ? [...rim, [last[0] ?? 0, pole], [first[0] ?? 0, pole], first] : rim
  const box = box_of(closed)
  return [closed, ...holes.map((hole) => unwrapped(hole, box ? (box.west + box.east) / 2 : 0))]
}

/** Meridians and parallels every ten degrees; every third is stronger. */
export function graticule(): FeatureCollection {
  const lines: FeatureCollection['features'] = []
  const add = (coordinates: Position[], major: boolean, name: string) => lines.push({ type: 'Feature', properties: { major, name }, geometry: { type: 'LineString', coordinates } })
  for (let lon = -180; lon < 180; lon += 10) add([[lon, -85], [lon, 85]], lon % 30 === 0, `${Math.abs(lon)}°${lon === 0 || lon === -180 ? '' : lon < 0 ? ' W' : ' E'}`)
  for (let lat = -80; lat <= 80; lat += 10) add([[-180, lat], [180, lat]], lat % 30 === 0, `${Math.abs(lat)}°${lat === 0 ? '' : lat < 0 ? ' S' : ' N'}`)
  return { type: 'FeatureCollection', features: lines }
}
