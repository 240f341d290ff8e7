import { describe, expect, test } from 'vitest'
import { latitude_at, mercator_y } from './geo'
import { lat_at, read_grid, type Field } from './grid'
import { mercator_rows, parts, pictures, scale_colour } from './heights'
import { index_of, isolines } from './isoline'

const field = (columns: number, rows: number, value: (lon: number, lat: number) => number, west = 0, north = 10, step = 0.1): Field => {
  const values = new Float32Array(columns * rows)
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) values[r * columns + c] = value(west + (c + 0.5) * step, north - (r + 0.5) * step)
  return { west, north, step, columns, rows, unit: 'min', values }
}

describe('reading a grid', () => {
  const grid = { url: 'x', west: 170, north: 10, step_deg: 0.5, columns: 3, rows: 2, unit: 'm' as const, scale: 0.01 }
  test('little-endian rows from the north-west; 65535 is nothing', () => {
    const data = new Uint8Array([1, 0, 0, 1, 255, 255, 100, 0, 0, 0, 2, 0]).buffer
    const read = read_grid(grid, data)
    expect([...read.values].map((v) => Math.round(v * 100))).toEqual([1, 256, Number.NaN, 100, 0, 2])
    expect(lat_at(read, 0)).toBe(9.75)
  })
  test('bytes that do not fit and sizes beyond bounds are refused', () => {
    expect(() => read_grid(grid, new ArrayBuffer(10))).toThrow(/12 were announced/)
    expect(() => read_grid({ ...grid, columns: 1e9 }, new ArrayBuffer(12))).toThrow(/cannot be drawn/)
    expect(() => read_grid({ ...grid, step_deg: 0 }, new ArrayBuffer(12))).toThrow(/where it lies/)
  })
})

describe('isolines', () => {
  test('the line of a cone is one closed circle with its radius', () => {
    const lines = isolines(index_of(field(100, 100, (lon, lat) => Math.hypot(lon - 5, lat - 5))), 3)
    expect(lines).toHaveLength(1)
    expect(lines[0]![0]).toEqual(lines[0]!.at(-1))
    for (const [lon, lat] of lines[0]!) expect(Math.hypot(lon! - 5, lat! - 5)).toBeCloseTo(3, 2)
  })
  test('land in the way breaks the line and is never drawn as one', () => {
    const lines = isolines(index_of(field(100, 100, (lon, lat) => (lon > 5 && lat > 5 ? Number.NaN : Math.hypot(lon - 5, lat - 5)))), 3)
    expect(lines).toHaveLength(1)
    expect(lines[0]![0]).not.toEqual(lines[0]!.at(-1))
    for (const [lon, lat] of lines[0]!) expect(Math.hypot(lon! - 5, lat! - 5)).toBeCloseTo(3, 2)
  })
  test('past the date line longitudes go on', () => {
    const lines = isolines(index_of(field(200, 50, (lon) => lon, 170, 10)), 183.33)
    expect(lines).toHaveLength(1)
    for (const [lon] of lines[0]!) expect(lon).toBeCloseTo(183.33, 3)
  })
  test('the index of blocks loses nothing: every level of a rough field is as without it', () => {
    const rough = field(97, 71, (lon, lat) => Math.sin(lon * 3.1) * 40 + Math.cos(lat * 2.3) * 30 + lon)
    const index = index_of(rough)
    const all = { ...index, least: index.least.map(() => -1e9), most: index.most.map(() => 1e9) }
    const count = (lines: unknown[][]) => lines.reduce((n, line) => n + line.length - 1, 0)
    for (let level = -60; level < 80; level += 1.7) expect(count(isolines(index, level))).toBe(count(isolines(all, level)))
  })
  test('beyond the range there is no line', () => {
    const index = index_of(field(10, 10, (lon) => lon))
    expect(isolines(index, 1e6)).toEqual([])
    expect(isolines(index, -1)).toEqual([])
    expect(index_of(field(4, 4, () => Number.NaN)).range).toBeNull()
  })
})

describe('pictures of heights', () => {
  test('a field over the date line becomes two that meet there', () => {
    const over = field(300, 10, (lon) => (lon < 180 ? 0.1 : 10), 165, 5)
    expect(parts(over)).toEqual([{ from: 0, to: 150, west: 165 }, { from: 150, to: 300, west: -180 }])
    const [left, right] = pictures(over, false)
    expect([left!.east, right!.west]).toEqual([180, -180])
    expect(right!.east).toBeCloseTo(-165, 6)
    expect([...right!.pixels.slice(0, 3)]).toEqual(scale_colour(1, false))
  })
  test('a field that ends at the date line is one', () => {
    expect(parts(field(3600, 2, () => 1, -180, 5))).toEqual([{ from: 0, to: 3600, west: -180 }])
    expect(parts(field(100, 2, () => 1, -80, 5))).toHaveLength(1)
    // Whole degrees of 0 to 360, as many grids have it.
    expect(parts(field(360, 2, () => 1, 0, 5, 1))).toEqual([{ from: 0, to: 180, west: 0 }, { from: 180, to: 360, west: -180 }])
  })
  test('each row shows the latitude at which it is drawn', () => {
    const tall = field(2, 1200, () => 1, 0, 60)
    const rows = mercator_rows(tall, 60, -60)
    const [top, bottom] = [mercator_y(60), mercator_y(-60)]
    rows.forEach((row, i) => {
      const lat = latitude_at(top + ((i + 0.5) / rows.length) * (bottom - top))
      expect(Math.abs(lat_at(tall, row) - lat)).toBeLessThanOrEqual(0.0501)
    })
    // Even rows would be wrong by degrees in between.
    expect(lat_at(tall, rows[Math.floor(rows.length / 4)]!)).toBeGreaterThan(34)
  })
  test('nothing is drawn where there is nothing', () => {
    const [picture] = pictures(field(4, 4, () => Number.NaN), true)
    expect(picture!.pixels.every((p) => p === 0)).toBe(true)
  })
})
