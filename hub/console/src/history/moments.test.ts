import { expect, test } from 'vitest'
import type { EventDetail, Level } from '../api'
import { beside, gap_at, gaps_in, share, stretch_of, turns, type Moment } from './moments'

const MIN = 60e6
const at = (min: number): Moment => ({ time_us: min * MIN, kind: 'alert', text: '' })

test('a stretch stays within the record', () => {
  const event = { began_us: 100 * MIN, over_us: 200 * MIN }
  expect(stretch_of(event, null, 0)).toEqual({ from_us: 90 * MIN, to_us: 210 * MIN })
  expect(stretch_of(event, { from_us: 95 * MIN, to_us: 205 * MIN, events: [], gaps: [] }, 0)).toEqual({ from_us: 95 * MIN, to_us: 205 * MIN })
})

test('an event that is on goes to the end of the record', () => {
  expect(stretch_of({ began_us: 100 * MIN, over_us: null }, { from_us: 0, to_us: 500 * MIN, events: [], gaps: [] }, 600 * MIN).to_us).toBe(500 * MIN)
})

test('steps go to the moment beside, and moments of one second are one', () => {
  const moments = [at(1), at(2), at(3)]
  expect(beside(moments, 2 * MIN, true)?.time_us).toBe(3 * MIN)
  expect(beside(moments, 2 * MIN + 5e5, false)?.time_us).toBe(1 * MIN)
  expect(beside(moments, 3 * MIN, true)).toBeNull()
})

test('a gap is cut to the stretch and found by the time in it', () => {
  const gaps = [{ from_us: 0, to_us: 5 * MIN }, { from_us: 50 * MIN, to_us: 60 * MIN }]
  expect(gaps_in(gaps, { from_us: 4 * MIN, to_us: 20 * MIN })).toEqual([{ from_us: 4 * MIN, to_us: 5 * MIN }])
  expect(gap_at(gaps, 55 * MIN)).toEqual(gaps[1])
  expect(gap_at(gaps, 60 * MIN)).toBeNull()
})

test('a place on the track is between 0 and 1 also for an empty one', () => {
  expect(share(5, { from_us: 0, to_us: 10 })).toBe(0.5)
  expect(share(50, { from_us: 0, to_us: 10 })).toBe(1)
  expect(share(5, { from_us: 10, to_us: 10 })).toBe(0)
})

test('a forecast that raises or lowers nothing is no moment', () => {
  const zone = (level: Level) => [{ id: 'z', name: 'Z', level, arrival_us: 0, arrival_sigma_s: 0, median_m: 0, p05_m: 0, p95_m: 0, exceeds: [0, 0, 0] as [number, number, number] }]
  const revision = (number: number, level: Level, basis: 'model' | 'records' = 'records'): EventDetail['revisions'][number] => ({ number, made_us: number, basis, why: '', level, zones: zone(level), stations: [] })
  expect(turns([revision(1, 'major', 'model'), revision(2, 'major'), revision(3, 'major'), revision(4, 'warning')]).map((r) => r.number)).toEqual([1, 2, 4])
})
