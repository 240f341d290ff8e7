import { describe, expect, test } from 'vitest'
import { circle, latitude_at, line_of, mercator_y, narrowest, normal, ring_of, unwrap } from './geo'

describe('longitudes around the date line', () => {
  test('the nearest of the same places is taken', () => {
    expect(unwrap(-175, 179)).toBe(185)
    expect(unwrap(179, -175)).toBe(-181)
    expect(unwrap(-71.5, -70)).toBe(-71.5)
    expect(normal(185)).toBe(-175)
    expect(normal(180)).toBe(-180)
    expect(normal(-540)).toBe(-180)
  })
  test('a zone on both sides stays one ring without a jump', () => {
    const ring = ring_of([[-20, 179], [-20, -179], [-22, -179], [-22, 179]], -175)
    expect(ring).toEqual([[-181, -20], [-179, -20], [-179, -22], [-181, -22], [-181, -20]])
    for (let i = 1; i < ring.length; i++) expect(Math.abs(ring[i]![0]! - ring[i - 1]![0]!)).toBeLessThan(180)
  })
  test('what is no place and what is no ring is left out', () => {
    expect(line_of([[Number.NaN, 1], [91, 1], [1, 2]], 0)).toEqual([[2, 1]])
    expect(ring_of([[0, 0], [1, 1]], 0)).toEqual([])
  })
  test('the narrowest box goes over the date line when the places do', () => {
    expect(narrowest([[52, 175], [-20, -175], [0, 179]])).toEqual({ west: 175, east: 185, south: -20, north: 52 })
    expect(narrowest([[-33, -71], [-36, -73]])).toEqual({ west: -73, east: -71, south: -36, north: -33 })
    expect(narrowest([[1, 2]])).toEqual({ west: 2, east: 2, south: 1, north: 1 })
    expect(narrowest([])).toBeNull()
  })
  test('a circle over the date line does not jump, and has its radius', () => {
    const ring = circle(-20, 179.9, 300)
    for (let i = 1; i < ring.length; i++) expect(Math.abs(ring[i]![0]! - ring[i - 1]![0]!)).toBeLessThan(1)
    expect(ring[0]![1]).toBeCloseTo(-20 + 300 / 111.19, 2)
  })
})

test('Mercator and back', () => {
  for (const lat of [-85, -60, -33.04, 0, 12.5, 52, 85]) expect(latitude_at(mercator_y(lat))).toBeCloseTo(lat, 9)
  expect(mercator_y(85.051129)).toBeCloseTo(0, 6)
  expect(mercator_y(-90)).toBeCloseTo(1, 6)
})
