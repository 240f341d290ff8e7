import { describe, expect, test } from 'vitest'
import type { Level, ZoneForecast } from '../api'
import { changes, in_words, standing_at, summary, type Revision } from './changes'

const zone = (id: string, level: Level, arrival_s: number, median_m: number): ZoneForecast =>
  ({ id, name: id.toUpperCase(), level, arrival_us: arrival_s * 1e6, arrival_sigma_s: 60, median_m, p05_m: median_m / 2, p95_m: median_m * 2, exceeds: [1, 0.5, 0.1] })

describe('what one forecast says that another did not', () => {
  test('the same forecast has no change, and the summary says none', () => {
    const zones = [zone('a', 'warning', 600, 1.5)]
    expect(changes(zones, zones)).toEqual([])
    expect(summary([])).toBeNull()
  })
  test('less than a minute and less than a tenth is the same to people', () => {
    expect(changes([zone('a', 'warning', 600, 2)], [zone('a', 'warning', 659, 2.19)])).toEqual([])
    // A tenth of a small height is less than anybody can see.
    expect(changes([zone('a', 'none', 600, 0.1)], [zone('a', 'none', 600, 0.19)])).toEqual([])
  })
  test('a level that changed is told even where height and time did not', () => {
    const [only] = changes([zone('a', 'warning', 600, 2.99)], [zone('a', 'major', 600, 3.01)])
    expect(in_words(only!)).toBe('A: warning → major warning')
  })
  test('new, gone, earlier and lower are all told, the gravest first', () => {
    const list = changes([zone('a', 'advisory', 600, 0.5), zone('b', 'major', 900, 5), zone('c', 'none', 100, 0.1)], [zone('b', 'warning', 660, 2), zone('a', 'advisory', 720, 0.5), zone('d', 'advisory', 1, 0.4)])
    expect(list.map(in_words)).toEqual([
      'B: major warning → warning, arrival 4 min earlier, height 5.00 m → 2.00 m', 'D: new: advisory', 'A: arrival 2 min later', 'C: no longer forecast (was below advisory)',
    ])
    expect(summary(list)).toBe('1 zone down, 1 zone new, 1 zone no longer forecast, 1 earlier, 1 later, 1 lower')
  })
  test('the forecast that a message was made from stands at its time, though the message says its time only to the second', () => {
    const at = (number: number, made_us: number): Revision => ({ number, made_us, basis: 'model', why: '', level: 'none', zones: [], stations: [] })
    const all = [at(1, 10_400_000), at(2, 70_000_000)]
    expect(standing_at(all, 10_000_000)?.number).toBe(1)
    expect(standing_at(all, 69_000_000)?.number).toBe(1)
    expect(standing_at(all, 70_000_000)?.number).toBe(2)
    expect(standing_at(all, 9_000_000)).toBeNull()
  })
})
