import { expect, test } from 'vitest'
import coarse from 'world-atlas/countries-50m.json'
import { parts, type World } from './base'

const base = parts(coarse as unknown as World)

/** Longest step of a line in longitude. */
const jump = (line: number[][]) => line.reduce((most, p, i) => (i === 0 ? 0 : Math.max(most, Math.abs(p[0]! - line[i - 1]![0]!))), 0)

test('no coast and no border runs across the map: the rings of Fiji, Russia and Alaska stay whole', () => {
  for (const line of [...base.coasts.coordinates, ...base.borders.coordinates]) expect(jump(line)).toBeLessThan(60)
})

test('land has no ring with a jump but Antarctica, which closes along the pole', () => {
  const polygons = base.land.features.flatMap((f) => (f.geometry.type === 'MultiPolygon' ? f.geometry.coordinates : f.geometry.type === 'Polygon' ? [f.geometry.coordinates] : []))
  expect(polygons.length).toBeGreaterThan(500)
  const jumping = polygons.flat().filter((ring) => jump(ring) > 60)
  expect(jumping.length).toBeLessThanOrEqual(1)
  for (const ring of jumping) expect(ring.some(([, lat]) => lat === -90)).toBe(true)
  for (const ring of polygons.flat()) expect(ring[0]).toEqual(ring.at(-1))
})
