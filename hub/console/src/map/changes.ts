// What changed between two sets of map points, so that one station's news does not make the map read two thousand again.

import type { Feature, Point } from 'geojson'

export interface Mark { id: string; lon: number; lat: number; icon: string; order: number; label: string }

export const feature = (mark: Mark): Feature<Point> =>
  ({ type: 'Feature', id: mark.id, properties: { id: mark.id, icon: mark.icon, order: mark.order, label: mark.label }, geometry: { type: 'Point', coordinates: [mark.lon, mark.lat] } })

export interface Changes {
  remove: string[]
  add: Feature<Point>[]
  update: { id: string; newGeometry?: Point; addOrUpdateProperties?: { key: string; value: unknown }[] }[]
}

/** `null` when nothing that the map shows is different. */
export function changes(before: ReadonlyMap<string, Mark>, after: ReadonlyMap<string, Mark>): Changes | null {
  const remove = [...before.keys()].filter((id) => !after.has(id))
  const add: Changes['add'] = []
  const update: Changes['update'] = []
  for (const [id, now] of after) {
    const was = before.get(id)
    if (!was) { add.push(feature(now)); continue }
    const moved = was.lon !== now.lon || was.lat !== now.lat
    const properties = (['icon', 'order', 'label'] as const).filter((key) => was[key] !== now[key]).map((key) => ({ key, value: now[key] }))
    if (moved || properties.length > 0) {
      update.push({ id, ...(moved && { newGeometry: { type: 'Point' as const, coordinates: [now.lon, now.lat] } }), ...(properties.length > 0 && { addOrUpdateProperties: properties }) })
    }
  }
  return remove.length + add.length + update.length === 0 ? null : { remove, add, update }
}
