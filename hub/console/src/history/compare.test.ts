import { expect, test } from 'vitest'
import type { Alert, EventView, StationForecast, ZoneForecast } from '../api'
import { changed_rows, score, station_stories, zone_stories, type Revision } from './compare'

const S = 1e6
const station = (arrival_s: number, over: Partial<StationForecast> = {}): StationForecast => ({ id: 'a', arrival_us: arrival_s * S, arrival_sigma_s: 60, median_m: 1, p05_m: 0.5, p95_m: 2, observed: null, ...over })
const zone = (level: ZoneForecast['level'], arrival_s: number): ZoneForecast => ({ id: 'z', name: 'Zone', level, arrival_us: arrival_s * S, arrival_sigma_s: 60, median_m: 1, p05_m: 0.5, p95_m: 2, exceeds: [1, 0.5, 0] })
const revision = (number: number, made_s: number, stations: StationForecast[], zones: ZoneForecast[] = []): Revision => ({ number, made_us: made_s * S, basis: 'model', why: '', level: 'warning', zones, stations })
const observed = { onset_us: 1000 * S, amplitude_m: 1.5, amplitude_us: 2000 * S, passed: true }
const event = (stations: StationForecast[], zones: ZoneForecast[] = []): EventView => ({
  id: 'e', title: 'E', began_us: 0, over_us: null, over_why: null, confirmed: true, level: 'warning', revision: 2, revised_us: 0, basis: 'model', zones, stations, unanswered: [],
  source: { kind: 'earthquake', id: 'e', place: 'p', magnitude: 8, lat: 0, lon: 0, depth_km: 10, origin_us: 0, region_km: null },
})
const alert = (sent_s: number, areas: string[], msg_type = 'Alert'): Alert => ({ identifier: `${sent_s}`, file: '', event: 'e', mode: 'exercise', msg_type, severity: 'Severe', sent_us: sent_s * S, expires_us: 0, headline: '', summary: '', areas, superseded: false })
const stories = (revisions: Revision[], record: StationForecast['observed'] = observed) => station_stories(event([station(0, { observed: record })]), revisions, (id) => id)

test('a wave that comes later than forecast has a positive error, and 1.645 sigma is the band', () => {
  const [story] = stories([revision(1, 10, [station(940)]), revision(2, 20, [station(900)])])
  expect(story?.rows.map((r) => [r.arrival_error_s, r.arrival_inside])).toEqual([[60, true], [100, false]])
})

test('what was said after the wave was there is shown and not counted', () => {
  const [story] = stories([revision(1, 1500, [station(1000)]), revision(2, 2500, [station(1000)])])
  expect(story?.rows.map((r) => [r.arrival_before, r.height_before])).toEqual([[false, true], [false, false]])
  expect(story?.first).toBeNull()
  expect(score(story?.rows ?? [])).toMatchObject({ arrivals: 0, heights: 1, heights_inside: 1 })
})

test('a height that is not past yet is no height', () => {
  const [story] = stories([revision(1, 10, [station(1000)])], { ...observed, passed: false })
  expect(story?.rows[0]?.height_inside).toBeNull()
  expect(score([story?.first ?? null])).toMatchObject({ arrivals: 1, heights: 0, ratio: null })
})

test('the ratio is the geometric mean of observed over forecast', () => {
  const [a] = stories([revision(1, 10, [station(1000)])], { ...observed, amplitude_m: 2 })
  const [b] = stories([revision(1, 10, [station(1000)])], { ...observed, amplitude_m: 0.5 })
  expect(score([a?.first ?? null, b?.first ?? null]).ratio).toBeCloseTo(1, 6)
})

test('a revision that repeats the one before is left out', () => {
  const [story] = stories([revision(1, 10, [station(1000)]), revision(2, 20, [station(1000)]), revision(3, 30, [station(1100)])])
  expect(changed_rows(story?.rows ?? []).map((r) => r.revision.number)).toEqual([1, 3])
})

test('stations that the wave reached come first, in its order', () => {
  const list = station_stories(event([station(5, { id: 'quiet' }), station(5, { id: 'late', observed: { ...observed, onset_us: 9000 * S } }), station(5, { id: 'soon', observed })]), [], (id) => id)
  expect(list.map((s) => s.id)).toEqual(['soon', 'late', 'quiet'])
})

test('the lead of a zone is from the first message that names it; a cancellation names nobody', () => {
  const revisions = [revision(1, 10, [], [zone('major', 900)]), revision(2, 20, [], [zone('advisory', 700)])]
  const [story] = zone_stories(event([], [zone('advisory', 700)]), revisions, [alert(50, ['Elsewhere']), alert(60, ['Zone'], 'Cancel'), alert(100, ['Zone'], 'Update'), alert(300, ['Zone'])])
  expect(story).toMatchObject({ highest: 'major', lead_us: 600 * S })
})

test('a message after the wave has a negative lead, none has none', () => {
  const revisions = [revision(1, 10, [], [zone('major', 700)])]
  expect(zone_stories(event([]), revisions, [alert(800, ['Zone'])])[0]?.lead_us).toBe(-100 * S)
  expect(zone_stories(event([]), revisions, [])[0]?.lead_us).toBeNull()
})
