import { describe, expect, test } from 'vitest'
import { at, column, in_doubt, room, table_times, value_at, type ChartSeries } from './data'

const line = (points: [number, number, number?][]): ChartSeries => ({ label: 'x', unit: 'm', colour: 'red', points: points.map(([s, v, q]) => [s * 1e6, v, q] as const) })
const drawn = (s: ChartSeries) => column(s, (n) => value_at(s, n))

describe('what a chart draws', () => {
  test('a gap breaks the line, and nothing is read in it', () => {
    const c = drawn(line([[0, 1], [1, 1], [2, 1], [3, 1], [30, 2], [31, 2]]))
    expect(c.y).toEqual([1, 1, 1, 1, null, 2, 2])
    expect(at(c, 15)).toBeNull()
    expect(at(c, 2.5)).toBe(1)
    expect(at(c, 32)).toBeNull()
  })
  test('times that go back and values that are none are not drawn', () => {
    expect(drawn(line([[0, 1], [2, 2], [1, 9], [3, Number.NaN]]))).toEqual({ x: [0, 2, 3], y: [1, 2, null] })
  })
  test('columns are read like points', () => {
    const s: ChartSeries = { label: 'x', unit: 'm', colour: 'red', x: [0, 1e6, 2e6], y: [0, null, 4] }
    expect(drawn(s)).toEqual({ x: [0, 1, 2], y: [0, null, 4] })
    expect(at(drawn(s), 0.5)).toBeNull()
  })
  test('a replayed value is as good as it was, a suspect one is in doubt', () => {
    expect(in_doubt(line([[0, 1, 64], [1, 2, 1], [2, 3, 32]])).x).toEqual([1, 2])
  })
  test('a calm sea is not blown up to a wave', () => {
    expect(room(-0.001, 0.001, 0.1)).toEqual([-0.05, 0.05])
    expect(room(null, null, 0.1)).toEqual([-0.05, 0.05])
    const [low, high] = room(0, 10, 0.1)
    expect(low).toBeLessThan(0)
    expect(high).toBeGreaterThan(10)
  })
  test('a table has round times and not more than asked for', () => {
    expect(table_times(7, 601, 10)).toEqual([60, 120, 180, 240, 300, 360, 420, 480, 540, 600])
    expect(table_times(0, 1e9, 60).length).toBeLessThanOrEqual(61)
    expect(table_times(5, 5, 10)).toEqual([])
  })
})
