// Land, coasts and borders (Natural Earth, by world-atlas), from files of the page's own. Its rings end at the date line and at the pole; those
// ends are no coasts and are not drawn as such.

import type { FeatureCollection, MultiLineString, Position } from 'geojson'
import { feature, mesh } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import fine from 'world-atlas/countries-10m.json?url'
import coarse from 'world-atlas/countries-50m.json?url'
import { get } from '../requests'

type World = Topology<{ countries: GeometryCollection; land: GeometryCollection }>
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

function parts(world: World): Base {
  const coasts = mesh(world, world.objects.countries as never, (a, b) => a === b)
  return {
    land: feature(world, world.objects.land),
    coasts: { type: 'MultiLineString', coordinates: coasts.coordinates.flatMap(without_edges) },
    borders: mesh(world, world.objects.countries as never, (a, b) => a !== b),
  }
}

const on_edge = (p: Position | undefined) => p !== undefined && (Math.abs(p[0] ?? 0) > 179.999 || (p[1] ?? 0) < -89)

/** A line cut where it runs along the date line or the pole. */
export function without_edges(line: Position[]): Position[][] {
  const out: Position[][] = [[]]
  line.forEach((p, i) => {
    if (i > 0 && on_edge(p) && on_edge(line[i - 1])) out.push([])
    out.at(-1)!.push(p)
  })
  return out.filter((part) => part.length > 1)
}

/** Meridians and parallels every ten degrees; every third is stronger. */
export function graticule(): FeatureCollection {
  const lines: FeatureCollection['features'] = []
  const add = (coordinates: Position[], major: boolean, name: string) => lines.push({ type: 'Feature', properties: { major, name }, geometry: { type: 'LineString', coordinates } })
  for (let lon = -180; lon < 180; lon += 10) add([[lon, -85], [lon, 85]], lon % 30 === 0, `${Math.abs(lon)}°${lon === 0 || lon === -180 ? '' : lon < 0 ? ' W' : ' E'}`)
  for (let lat = -80; lat <= 80; lat += 10) add([[-180, lat], [180, lat]], lat % 30 === 0, `${Math.abs(lat)}°${lat === 0 ? '' : lat < 0 ? ' S' : ' N'}`)
  return { type: 'FeatureCollection', features: lines }
}
