// Forecasts held against what came. Only what was said before counts as a forecast: a number from after the wave is no hit.

import type { Alert, EventDetail, EventView, Level, StationForecast, ZoneForecast } from '../api'

/** From the 5 % to the 95 % of a normal distribution, in standard deviations to each side. */
const BAND_SIGMA = 1.645

export type Revision = EventDetail['revisions'][number]
export type Observed = NonNullable<StationForecast['observed']>

export interface StationRow {
  revision: Revision
  forecast: StationForecast
  /** It was made before the wave was there. */
  arrival_before: boolean
  /** It was made before the highest of the wave was there. */
  height_before: boolean
  /** Observed less forecast, seconds: positive when the wave came later than forecast. */
  arrival_error_s: number | null
  arrival_inside: boolean | null
  /** Observed less forecast, metres. */
  height_error_m: number | null
  height_inside: boolean | null
}

export interface StationStory { id: string; name: string; observed: Observed | null; rows: StationRow[]; first: StationRow | null; last_before: StationRow | null }

function row(revision: Revision, forecast: StationForecast, observed: Observed | null): StationRow {
  if (observed === null) return { revision, forecast, arrival_before: true, height_before: true, arrival_error_s: null, arrival_inside: null, height_error_m: null, height_inside: null }
  const error_s = (observed.onset_us - forecast.arrival_us) / 1e6
  const amplitude = observed.passed ? observed.amplitude_m : null
  return {
    revision, forecast,
    arrival_before: revision.made_us < observed.onset_us, height_before: revision.made_us < observed.amplitude_us,
    arrival_error_s: error_s, arrival_inside: Math.abs(error_s) <= BAND_SIGMA * forecast.arrival_sigma_s,
    height_error_m: amplitude === null ? null : amplitude - forecast.median_m,
    height_inside: amplitude === null ? null : amplitude >= forecast.p05_m && amplitude <= forecast.p95_m,
  }
}

/** The revisions of an event; a hub that kept none gives the last forecast alone. */
export const revisions_of = (event: EventView, detail: EventDetail | null): Revision[] =>
  detail && detail.revisions.length > 0 ? detail.revisions
    : [{ number: event.revision, made_us: event.revised_us, basis: event.basis, why: '', level: event.level, zones: event.zones, stations: event.stations }]

/** Each station's forecasts against its record: those where a wave came first, in the order in which it came. */
export function station_stories(event: EventView, revisions: Revision[], name: (id: string) => string): StationStory[] {
  const ids = new Set([...event.stations, ...revisions.flatMap((r) => r.stations)].map((s) => s.id))
  const stories = [...ids].map((id): StationStory => {
    const observed = event.stations.find((s) => s.id === id)?.observed ?? revisions.findLast((r) => r.stations.some((s) => s.id === id && s.observed))?.stations.find((s) => s.id === id)?.observed ?? null
    const rows = revisions.flatMap((r) => { const forecast = r.stations.find((s) => s.id === id); return forecast ? [row(r, forecast, observed)] : [] })
    return { id, name: name(id), observed, rows, first: rows.find((r) => r.arrival_before) ?? null, last_before: rows.findLast((r) => r.arrival_before) ?? null }
  })
  const when = (s: StationStory) => s.observed?.onset_us ?? s.rows.at(-1)?.forecast.arrival_us ?? Infinity
  return stories.sort((a, b) => Number(a.observed === null) - Number(b.observed === null) || when(a) - when(b))
}

/** Rows that say something new: a revision that repeats the one before is left out. */
export const changed_rows = (rows: StationRow[]) => rows.filter((r, n) => {
  const before = rows[n - 1]
  return !before || before.forecast.arrival_us !== r.forecast.arrival_us || before.forecast.median_m !== r.forecast.median_m || before.forecast.p05_m !== r.forecast.p05_m || before.forecast.p95_m !== r.forecast.p95_m
})

export interface Score { arrivals: number; arrivals_inside: number; heights: number; heights_inside: number; /** Median of the absolute errors, seconds. */ arrival_s: number | null; /** Geometric mean of observed over forecast. */ ratio: number | null }

const median = (values: number[]) => {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length === 0 ? null : sorted.length % 2 === 1 ? (sorted[half] as number) : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2
}

/** How good one forecast a station was. */
export function score(rows: (StationRow | null)[]): Score {
  const arrivals = rows.filter((r): r is StationRow => r !== null && r.arrival_before && r.arrival_inside !== null)
  const heights = rows.filter((r): r is StationRow => r !== null && r.height_before && r.height_inside !== null)
  const ratios = heights.map((r) => (r.height_error_m as number) / r.forecast.median_m + 1).filter((q) => q > 0 && Number.isFinite(q))
  return {
    arrivals: arrivals.length, arrivals_inside: arrivals.filter((r) => r.arrival_inside).length,
    heights: heights.length, heights_inside: heights.filter((r) => r.height_inside).length,
    arrival_s: median(arrivals.map((r) => Math.abs(r.arrival_error_s as number))),
    ratio: ratios.length === 0 ? null : Math.exp(ratios.reduce((sum, q) => sum + Math.log(q), 0) / ratios.length),
  }
}

export interface ZoneStory { id: string; name: string; first: { revision: Revision; zone: ZoneForecast } | null; last: { revision: Revision; zone: ZoneForecast } | null; highest: Level
  /** The first message that named the zone. */ alert: Alert | null
  /** From that message until the wave is there by the last forecast, microseconds; negative: it came too late. */ lead_us: number | null }

const RANK: Record<Level, number> = { none: 0, advisory: 1, warning: 2, major: 3 }

/** Each zone's first forecast against its last, and how long before the wave it was warned. */
export function zone_stories(event: EventView, revisions: Revision[], alerts: Alert[]): ZoneStory[] {
  const ids = new Map([...revisions.flatMap((r) => r.zones), ...event.zones].map((z) => [z.id, z.name]))
  const sent = alerts.filter((a) => a.event === event.id && a.msg_type !== 'Cancel').sort((a, b) => a.sent_us - b.sent_us)
  return [...ids].map(([id, name]): ZoneStory => {
    const all = revisions.flatMap((revision) => { const zone = revision.zones.find((z) => z.id === id); return zone ? [{ revision, zone }] : [] })
    const last = all.at(-1) ?? null
    const alert = sent.find((a) => a.areas.includes(name)) ?? null
    return {
      id, name, first: all[0] ?? null, last, alert,
      highest: all.reduce<Level>((top, { zone }) => (RANK[zone.level] > RANK[top] ? zone.level : top), 'none'),
      lead_us: alert && last ? last.zone.arrival_us - alert.sent_us : null,
    }
  }).sort((a, b) => RANK[b.highest] - RANK[a.highest] || (a.last?.zone.arrival_us ?? 0) - (b.last?.zone.arrival_us ?? 0))
}
