import { expect, test } from 'vitest'
import type { Alert, EventDetail, EventView, Level, Line, Situation } from '../api'
import { timeline } from './timeline'

const event = {
  id: 'us1', title: 'M8', began_us: 1e9, over_us: null, over_why: null, confirmed: false, level: 'warning',
  source: { kind: 'earthquake', id: 'us1', place: '', magnitude: 8, lat: 0, lon: 0, depth_km: 10, origin_us: 1e9, region_km: null },
  revision: 1, revised_us: 1e9, basis: 'model', zones: [], stations: [], unanswered: [],
} satisfies EventView

const situation = {
  id: 's1', title: '', since_us: 1e9, over_us: null, events: ['us1'], damage: 0, more: 0,
  evidence: [{ key: 'o', kind: 'outage', name: 'the outage', text: '40 meters', since_us: 2e9, until_us: null, lat: 0, lon: 0, rule: 'r', because: 'began 3 min after', damage: true }],
} satisfies Situation

const line = (time_us: number, kind: string, text: string, situation?: string): Line => ({ time_us, kind, text, compute_ms: null, situation })

test('a line belongs by its situation, by its name, or because the sea told it while the event was on', () => {
  const lines = [
    line(1e9, 'earthquake', 'M8 (us1)'), line(2e9, 'confirmed', 'seen', 's1'), line(3e9, 'inversion', 'magnitude 8'), line(4e9, 'threshold', 'a meter elsewhere'),
    line(5e9, 'confirmed', 'another ocean', 's2'), line(5e8, 'inversion', 'before it'), line(6e9, 'damage', 'the outage began 3 min after', 's1'),
  ]
  const told = timeline(event, null, lines, [situation], [], [])
  expect(told.map((i) => i.text[0])).toEqual(['magnitude 8', 'seen', '40 meters', 'M8 (us1)'])
  expect(told.find((i) => i.title === 'the outage')?.because).toBe('began 3 min after')
})

test('a message and the line that tells it are one, with the reason of the line', () => {
  const alert: Alert = { identifier: 'x.1', file: 'x.1.xml', event: 'us1', mode: 'exercise', msg_type: 'Alert', severity: 'Severe', sent_us: 2e9, expires_us: 9e9, headline: 'Warning: 2 zones', summary: '', areas: ['A', 'B'], superseded: false }
  const told = timeline(event, null, [{ ...line(2e9 + 5e5, 'alert', 'Warning: 2 zones (the earthquake (M8) can)', 's1'), compute_ms: 1500 }], [situation], [alert], [])
  expect(told.filter((i) => i.kind === 'decided')).toMatchObject([{ title: 'Alert sent', because: 'the earthquake (M8) can', text: ['Warning: 2 zones', 'A, B', 'Out 1.5 s after what caused it was heard.'] }])
})

test('forecasts that say the same are one item, held against the last that said something new', () => {
  const revision = (number: number, level: Level, median_m: number): EventDetail['revisions'][number] => ({
    number, made_us: number * 1e9, basis: 'records', why: 'records', level, stations: [],
    zones: [{ id: 'a', name: 'A', level, arrival_us: 1e10, arrival_sigma_s: 1, median_m, p05_m: 1, p95_m: 2, exceeds: [0, 0, 0] }],
  })
  // Each step of 0.09 m is the same; together they are not.
  const revisions = [revision(1, 'warning', 1), revision(2, 'warning', 1.09), revision(3, 'warning', 1.18), revision(4, 'warning', 1.2), revision(5, 'warning', 1.2), revision(6, 'major', 3.5)]
  const told = timeline(event, { event, revisions, levels_m: [0.3, 1, 3] }, [], [], [], []).filter((i) => i.kind === 'forecast')
  expect(told.map((i) => i.title)).toEqual(['Forecast 6: warning → major warning', 'Forecasts 4 to 5: about the same', 'Forecast 3', 'Forecast 2: about the same', 'Forecast 1'])
  expect(told[2]?.text).toEqual(['A: height 1.00 m → 1.18 m'])
})
