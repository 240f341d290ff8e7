// What the map shows, made from what the hub says. Each part is computed anew only when what it is made of has changed.

import { computed, type ReadonlySignal } from '@preact/signals'
import type { Feature, FeatureCollection, Geometry, Position } from 'geojson'
import type { EventView, OtherAlert, Station, ZoneForecast } from '../api'
import { focus } from '../focus'
import { in_force, shown } from '../hub'
import { level_word, RANK } from '../level'
import { STATES, state_rank } from '../quality'
import { second_us } from '../ticking'
import { span } from '../time'
import { forecast } from './forecast'
import { box_of, circle, line_of, narrowest, normal, ring_of, unwrap, type Box } from './geo'
import type { Mark } from './changes'
import { isolines } from './isoline'
import { places } from './places'

/** At most so many features of a kind that comes from outside are drawn; lists beside the map tell the rest. */
const MANY = 2_000
/** Stations beyond this are not drawn; the table says so. */
export const STATIONS_DRAWN = 10_000

const collection = (features: Feature[]): FeatureCollection => ({ type: 'FeatureCollection', features: features.slice(0, MANY) })
const feature = (geometry: Geometry, properties: Record<string, unknown>): Feature => ({ type: 'Feature', properties, geometry })
const point = (lat: number, lon: number, properties: Record<string, unknown>) => feature({ type: 'Point', coordinates: [lon, lat] }, properties)
const is_place = (p: { lat: number; lon: number }) => Number.isFinite(p.lat) && Number.isFinite(p.lon) && Math.abs(p.lat) <= 90

/** Events that are on; what is over threatens nobody. */
export const on = computed<EventView[]>(() => shown.value.events.filter((e) => e.over_us === null))

/** The longitude that the map is unwrapped around: the event's, else the deployment's. */
export const centre_lon = computed(() => {
  const source = focus.value?.source
  if (source && Number.isFinite(source.lon)) return normal(source.lon)
  const extent = places.value?.extent
  return extent ? normal((extent.west + extent.east) / 2) : 0
})

/** The gravest forecast for each zone, with the earliest arrival of that level. */
export const zone_levels = computed<ReadonlyMap<string, ZoneForecast>>(() => {
  const levels = new Map<string, ZoneForecast>()
  for (const event of on.value) for (const zone of event.zones) {
    const before = levels.get(zone.id)
    const [a, b] = [RANK[zone.level] ?? 0, before ? RANK[before.level] : -1]
    if (before === undefined || a > b || (a === b && zone.arrival_us < before.arrival_us)) levels.set(zone.id, zone)
  }
  return levels
})

const second = computed(() => Math.floor(second_us.value / 1e6))
/** Names of the areas for which an alert of ours is in force. */
const warned = computed(() => {
  const at = second.value * 1e6
  return [...new Set(shown.value.alerts.filter((a) => in_force(a, at) && a.msg_type !== 'Cancel').flatMap((a) => a.areas))].sort().join('\n')
})

const zones = computed(() => {
  const names = new Set(warned.value.split('\n'))
  return collection((places.value?.zones ?? []).map((zone) => {
    const ring = ring_of(zone.polygon, centre_lon.value)
    const level = zone_levels.value.get(zone.id)?.level ?? 'none'
    return feature({ type: 'Polygon', coordinates: [ring] }, { id: zone.id, name: zone.name, level, warned: names.has(zone.name) })
  }).filter((f) => (f.geometry as { coordinates: Position[][] }).coordinates[0]!.length > 3))
})

/** When the first wave comes, as the map writes it: to the second within the last hour, with twice its standard error. */
export function when(zone: ZoneForecast, now: number): string {
  const left = Math.round((zone.arrival_us - now) / 1e6)
  const error = zone.arrival_sigma_s > 0 ? ` ± ${span(zone.arrival_sigma_s * 2e6)}` : ''
  if (left < 0) return `wave due ${span(-left * 1e6)} ago${error}`
  return `wave in ${left < 3600 ? `${Math.floor(left / 60)} min ${String(left % 60).padStart(2, '0')} s` : span(left * 1e6)}${error}`
}

const zone_names = computed(() => {
  const now = second.value * 1e6
  return collection((places.value?.zones ?? []).flatMap((zone) => {
    const box = box_of(line_of(zone.coast.length > 0 ? zone.coast : zone.polygon, centre_lon.value))
    if (!box) return []
    const known = zone_levels.value.get(zone.id)
    const level = known?.level ?? 'none'
    const threatened = known !== undefined && level !== 'none'
    return [point((box.south + box.north) / 2, (box.west + box.east) / 2, {
      name: zone.name, level, level_name: threatened ? `\n${level_word(level).toUpperCase()}` : '', when: threatened ? `\n${when(known, now)}` : '', order: -RANK[level],
    })]
  }))
})

/** Minutes since the earthquake; `null` where there is none to draw. */
export const front_min = computed(() => {
  const event = focus.value
  if (!event || forecast.value?.event !== event.id) return null
  const since = (second.value - event.source.origin_us / 1e6) / 60
  return since >= 0 ? since : null
})

const at_centre = (line: Position[]): Position[] => {
  const shift = unwrap(line[0]?.[0] ?? 0, centre_lon.value) - (line[0]?.[0] ?? 0)
  return shift === 0 ? line : line.map(([lon, lat]) => [(lon ?? 0) + shift, lat ?? 0])
}
const front = computed(() => {
  const [travel, minutes] = [forecast.value?.travel, front_min.value]
  if (!travel || minutes === null) return collection([])
  const lines = isolines(travel, minutes).map(at_centre)
  return collection(lines.length === 0 ? [] : [feature({ type: 'MultiLineString', coordinates: lines }, {})])
})

const isochrones = computed(() => {
  const travel = forecast.value?.travel
  if (!travel?.range || travel.field.unit !== 'min') return collection([])
  const [least, most] = travel.range
  const step = most - least > 480 ? 60 : 30
  const features: Feature[] = []
  for (let level = Math.ceil((least + 1) / step) * step; level <= most && features.length < 60; level += step) {
    const name = level % 60 === 0 ? `${level / 60} h` : `${level} min`
    features.push(feature({ type: 'MultiLineString', coordinates: isolines(travel, level).map(at_centre) }, { name, major: level % 60 === 0 }))
  }
  return collection(features)
})

const source = computed(() => collection(on_or_chosen().flatMap((event) => {
  const { lat, lon, region_km, kind, magnitude, depth_km } = event.source
  if (!is_place({ lat, lon })) return []
  const name = kind === 'earthquake' ? `M ${magnitude.toFixed(1)}${depth_km > 0 ? `, ${depth_km.toFixed(0)} km deep` : ''}` : 'waves, source unknown'
  const at = point(lat, normal(lon), { icon: kind === 'earthquake' ? 'epicentre' : 'waves', name })
  return region_km ? [feature({ type: 'Polygon', coordinates: [circle(lat, normal(lon), region_km)] }, {}), at] : [at]
})))

function on_or_chosen(): EventView[] {
  const chosen = focus.value
  return chosen && !on.value.includes(chosen) ? [...on.value, chosen] : on.value
}

const with_name = (ring: Position[], properties: Record<string, unknown>): Feature[] => {
  const box = box_of(ring)
  if (!box || ring.length < 4) return []
  return [feature({ type: 'Polygon', coordinates: [ring] }, properties), point((box.south + box.north) / 2, (box.west + box.east) / 2, properties)]
}

const outages = computed(() => collection(shown.value.outages.flatMap((outage) =>
  with_name(ring_of(outage.area, centre_lon.value), { id: outage.id, name: `POWER OUT\n${outage.out} of ${outage.of} meters` }))))

// What has ended, and what bears a signature that is wrong, is in the list and not on the map.
const believed = (alert: OtherAlert) => alert.state === 'in_force' && alert.standing !== 'bad_signature'
const theirs = (alert: OtherAlert, actual: boolean): Feature[] =>
  (believed(alert) ? alert.outlines : []).flatMap((outline) => with_name(ring_of(outline, centre_lon.value), { name: `${actual ? '' : `${alert.status.toUpperCase()} `}by ${alert.sender_name ?? alert.sender}\n${alert.parts[0]?.event ?? ''}` }))
const others = computed(() => collection([...shown.value.others.actual.flatMap((a) => theirs(a, true)), ...shown.value.others.not_actual.flatMap((a) => theirs(a, false))]))

/** Class of a speed, 0 standing to 3 free; -1 where it is not known. What is usual is not told by the hub, so speeds are told as they are. */
export function speed_class(station: Station | undefined): number {
  const kmh = station?.latest.speed?.value
  if (kmh === undefined || !Number.isFinite(kmh) || station?.state === 'unknown' || station?.state === 'fault') return -1
  return kmh < 15 ? 0 : kmh < 35 ? 1 : kmh < 60 ? 2 : 3
}

const roads = computed(() => {
  const { stations } = shown.value
  return collection((places.value?.roads ?? []).map((road) => {
    const classes = road.stations.map((id) => speed_class(stations.get(id))).filter((c) => c >= 0)
    return feature({ type: 'LineString', coordinates: line_of(road.line, centre_lon.value) }, { name: road.name, class: classes.length > 0 ? Math.min(...classes) : -1 })
  }))
})

const shelters = computed(() => collection((places.value?.shelters ?? []).filter(is_place).map((s) =>
  point(s.lat, s.lon, { name: s.capacity === null ? s.name : `${s.name} (${s.capacity} people)` }))))

const sirens = computed(() => {
  const zones = new Map(shown.value.sirens.map((z) => [z.id, z]))
  return collection((places.value?.sirens ?? []).filter(is_place).map((s) => {
    const zone = zones.get(s.zone)
    const icon = !zone || !zone.order ? 'siren' : zone.failed > 0 ? 'siren-failed' : zone.unknown > 0 ? 'siren-unknown' : zone.sounding > 0 ? 'siren-sounding' : 'siren'
    return point(s.lat, s.lon, { icon, zone: s.zone })
  }))
})

/** Stations as marks; a road's detector that is well shows its speed. */
export const marks = computed<ReadonlyMap<string, Mark>>(() => {
  const out = new Map<string, Mark>()
  for (const station of shown.value.stations.values()) {
    if (!is_place(station)) continue
    if (out.size >= STATIONS_DRAWN) break
    const speed = station.domain === 'traffic' && (station.state === 'good' || station.state === 'late') ? speed_class(station) : -1
    out.set(station.id, { id: station.id, lon: normal(station.lon), lat: station.lat, icon: speed >= 0 ? `speed-${speed}` : station.state, order: STATES.length - state_rank(station.state), label: station.name })
  }
  return out
})

/** What each source of the map holds. */
export const scene = { zones, 'zone-names': zone_names, front, isochrones, source, outages, others, roads, shelters, sirens } satisfies Record<string, ReadonlySignal<FeatureCollection>>

/** The deployment: its zones; where it has none, what it says of itself, else its stations. */
export function home(): Box | null {
  const view = places.peek()
  const box = narrowest((view?.zones ?? []).flatMap((z) => z.polygon))
  if (box) return { west: box.west - 1, east: box.east + 1, south: box.south - 1, north: box.north + 1 }
  return view?.extent ?? narrowest([...shown.peek().stations.values()].map((s) => [s.lat, s.lon] as const))
}

/** Degrees around the source that are shown at least: a coast to know the place by. */
const AROUND = 5

/** The event as a whole: its source, the zones it threatens, the stations it was forecast for, and how far its front has come. */
export function event_box(): Box | null {
  const event = focus.peek()
  if (!event) return null
  const lon = centre_lon.peek()
  const { lat } = event.source
  const threatened = (places.peek()?.zones ?? []).filter((z) => (zone_levels.peek().get(z.id)?.level ?? 'none') !== 'none').flatMap((z) => line_of(z.polygon, lon))
  const stations = event.stations.flatMap(({ id }) => { const s = shown.peek().stations.get(id); return s && is_place(s) ? [[unwrap(s.lon, lon), s.lat]] : [] })
  const lines = front.peek().features.flatMap((f) => (f.geometry.type === 'MultiLineString' ? f.geometry.coordinates.flat() : []))
  // The front and far stations are followed as far as a map can show them as one: half the earth.
  const near = [...lines, ...stations].filter(([x, y]) => Math.abs((x ?? 0) - lon) < 90 && Math.abs(y ?? 0) < 65)
  return box_of([[lon - AROUND, lat - AROUND], [lon + AROUND, lat + AROUND], ...threatened, ...near])
}
