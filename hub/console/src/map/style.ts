// What the map's layers look like, by day and by night, and which switch shows which of them. Text is drawn from the machine's own fonts: the
// style names no glyphs, so nothing is fetched.

import type { LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl'
import { colour } from '../look'
import { speed_colour } from './icons'

export const GROUPS = [
  { id: 'stations', name: 'Stations' }, { id: 'zones', name: 'Zones by level' }, { id: 'front', name: 'Wave front now' }, { id: 'isochrones', name: 'Arrival times' },
  { id: 'heights', name: 'Greatest heights' }, { id: 'source', name: 'Source' }, { id: 'others', name: 'Other senders' }, { id: 'outages', name: 'Power outages' },
  { id: 'roads', name: 'Road speeds' }, { id: 'sirens', name: 'Sirens' }, { id: 'shelters', name: 'Shelters' }, { id: 'graticule', name: 'Grid of degrees' },
] as const
export type Group = (typeof GROUPS)[number]['id']

/** Sources of GeoJSON; the heights have image sources of their own. */
export const SOURCES = ['land', 'coasts', 'borders', 'graticule', 'isochrones', 'zones', 'zone-names', 'outages', 'others', 'roads', 'front', 'source', 'shelters', 'sirens', 'stations'] as const
export type SourceId = (typeof SOURCES)[number]

const FONT = ['Label Bold']
const PLAIN = ['Label']

/** Which switch a layer belongs to; `null` for the ground. */
export const group_of = (layer: LayerSpecification): Group | null => (layer.metadata as { group?: Group } | undefined)?.group ?? null
const of = (group: Group) => ({ metadata: { group } })

const by_level = (none: string, advisory: string, warning: string, major: string) => ['match', ['get', 'level'], 'major', major, 'warning', warning, 'advisory', advisory, none] as never

/** All layers, from the bottom up. `scale` is 1 on a desk and more on a wall. */
export function layers(night: boolean, scale: number): LayerSpecification[] {
  const c = (name: string) => colour(`--${name}`)
  const halo = { 'text-color': c('ink'), 'text-halo-color': c('card'), 'text-halo-width': 1.6 * scale }
  const sign = (size = 1) => ({ 'icon-allow-overlap': true, 'icon-ignore-placement': true, 'icon-size': size * scale })
  const grey = night ? '#33414e' : '#a9bccb'
  return [
    { id: 'water', type: 'background', paint: { 'background-color': c('water') } },
    { id: 'graticule', type: 'line', source: 'graticule', ...of('graticule'), paint: { 'line-color': grey, 'line-width': ['case', ['get', 'major'], 0.8, 0.4], 'line-opacity': 0.8 } },
    { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': c('land'), 'fill-antialias': false } },
    { id: 'borders', type: 'line', source: 'borders', paint: { 'line-color': c('coast'), 'line-width': 0.5, 'line-opacity': 0.6, 'line-dasharray': [3, 2] } },
    { id: 'coasts', type: 'line', source: 'coasts', paint: { 'line-color': c('coast'), 'line-width': 0.8 } },
    { id: 'isochrones', type: 'line', source: 'isochrones', ...of('isochrones'), layout: { 'line-join': 'round' },
      paint: { 'line-color': c('forecast'), 'line-opacity': ['case', ['get', 'major'], 0.85, 0.45], 'line-width': ['case', ['get', 'major'], 1.3 * scale, 0.7 * scale] } },
    { id: 'zones', type: 'fill', source: 'zones', ...of('zones'), paint: { 'fill-color': by_level(c('fill-none'), c('fill-advisory'), c('fill-warning'), c('fill-major')), 'fill-opacity': ['match', ['get', 'level'], 'none', 0.35, 0.8] } },
    { id: 'zones-hatch', type: 'fill', source: 'zones', ...of('zones'), filter: ['!=', ['get', 'level'], 'none'], paint: { 'fill-pattern': ['concat', 'hatch-', ['get', 'level']] } },
    { id: 'zones-rim', type: 'line', source: 'zones', ...of('zones'), layout: { 'line-join': 'round' },
      paint: { 'line-color': by_level(c('soft'), c('level-advisory'), c('level-warning'), c('level-major')), 'line-width': ['case', ['get', 'warned'], 3.5 * scale, 1.2 * scale] } },
    { id: 'outages', type: 'fill', source: 'outages', ...of('outages'), paint: { 'fill-color': c('ink'), 'fill-opacity': 0.25 } },
    { id: 'outages-rim', type: 'line', source: 'outages', ...of('outages'), paint: { 'line-color': c('ink'), 'line-width': 1.6 * scale, 'line-dasharray': [1, 1.5] } },
    { id: 'others', type: 'fill', source: 'others', ...of('others'), paint: { 'fill-color': '#7048c6', 'fill-opacity': 0.12 } },
    { id: 'others-rim', type: 'line', source: 'others', ...of('others'), paint: { 'line-color': night ? '#c3a6ff' : '#5b2fb5', 'line-width': 2 * scale, 'line-dasharray': [4, 2] } },
    { id: 'roads-rim', type: 'line', source: 'roads', ...of('roads'), layout: { 'line-cap': 'round', 'line-join': 'round' }, paint: { 'line-color': c('card'), 'line-width': 6 * scale } },
    { id: 'roads', type: 'line', source: 'roads', ...of('roads'), layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': ['match', ['get', 'class'], 0, speed_colour(0, night), 1, speed_colour(1, night), 2, speed_colour(2, night), 3, speed_colour(3, night), c('unknown')], 'line-width': 3.5 * scale } },
    { id: 'front-rim', type: 'line', source: 'front', ...of('front'), layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': c('card'), 'line-width': 7 * scale, 'line-opacity': 0.9 } },
    { id: 'front', type: 'line', source: 'front', ...of('front'), layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': c('front'), 'line-width': 4 * scale } },
    { id: 'source-region', type: 'line', source: 'source', ...of('source'), filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'line-color': '#d4145a', 'line-width': 1.5 * scale, 'line-dasharray': [2, 2] } },
    { id: 'isochrone-names', type: 'symbol', source: 'isochrones', ...of('isochrones'), filter: ['get', 'major'], layout: { 'symbol-placement': 'line', 'symbol-spacing': 350, 'text-field': ['get', 'name'], 'text-font': PLAIN, 'text-size': 12 * scale }, paint: { ...halo, 'text-color': c('forecast') } },
    { id: 'shelters', type: 'symbol', source: 'shelters', minzoom: 7, ...of('shelters'), layout: { 'icon-image': 'shelter', ...sign() } },
    { id: 'shelter-names', type: 'symbol', source: 'shelters', minzoom: 11, ...of('shelters'), layout: { 'text-field': ['get', 'name'], 'text-font': PLAIN, 'text-size': 11 * scale, 'text-anchor': 'top', 'text-offset': [0, 0.9] }, paint: halo },
    { id: 'sirens', type: 'symbol', source: 'sirens', minzoom: 6, ...of('sirens'), layout: { 'icon-image': ['get', 'icon'], ...sign() } },
    { id: 'chosen', type: 'circle', source: 'stations', ...of('stations'), filter: ['==', ['get', 'id'], ''], paint: { 'circle-radius': 13 * scale, 'circle-color': 'rgba(0,0,0,0)', 'circle-stroke-color': c('link'), 'circle-stroke-width': 3 * scale } },
    { id: 'stations', type: 'symbol', source: 'stations', ...of('stations'), layout: { 'icon-image': ['get', 'icon'], 'symbol-sort-key': ['get', 'order'], ...sign() } },
    { id: 'station-names', type: 'symbol', source: 'stations', minzoom: 8, ...of('stations'), layout: { 'text-field': ['get', 'label'], 'text-font': PLAIN, 'text-size': 11 * scale, 'text-anchor': 'top', 'text-offset': [0, 0.9], 'symbol-sort-key': ['-', 0, ['get', 'order']] }, paint: halo },
    { id: 'epicentres', type: 'symbol', source: 'source', ...of('source'), filter: ['==', ['geometry-type'], 'Point'],
      layout: { 'icon-image': ['get', 'icon'], ...sign(1.2), 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 13 * scale, 'text-variable-anchor': ['left', 'right', 'top', 'bottom'], 'text-radial-offset': 1.2, 'text-justify': 'auto', 'text-optional': true }, paint: halo },
    { id: 'other-names', type: 'symbol', source: 'others', ...of('others'), layout: { 'text-field': ['get', 'name'], 'text-font': PLAIN, 'text-size': 12 * scale }, paint: { ...halo, 'text-color': night ? '#c3a6ff' : '#5b2fb5' } },
    { id: 'outage-names', type: 'symbol', source: 'outages', ...of('outages'), layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 12 * scale }, paint: halo },
    { id: 'zone-names', type: 'symbol', source: 'zone-names', ...of('zones'), layout: { 'text-field': ['format', ['get', 'name'], {}, ['get', 'level_name'], { 'text-font': ['literal', FONT] }, ['get', 'when'], {}], 'text-font': PLAIN, 'text-size': ['case', ['==', ['get', 'level'], 'none'], 11 * scale, 13 * scale], 'symbol-sort-key': ['get', 'order'], 'text-max-width': 18, 'text-variable-anchor': ['left', 'right', 'top', 'bottom'], 'text-radial-offset': 0.8, 'text-justify': 'auto' }, paint: halo },
  ]
}

const EMPTY = { type: 'FeatureCollection', features: [] } as const

export function style(night: boolean, scale: number): StyleSpecification {
  // Simplified less than usual: coasts and fronts are what people measure by. Stations are told apart by their names.
  const source = (id: SourceId): SourceSpecification => ({ type: 'geojson', data: EMPTY as never, tolerance: 0.3, ...(id === 'stations' && { promoteId: 'id' }) })
  return { version: 8, sources: Object.fromEntries(SOURCES.map((id) => [id, source(id)])), layers: layers(night, scale) }
}
