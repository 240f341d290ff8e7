import { describe, expect, test } from 'vitest'
import type { Alert, Draft } from '../api'
import { difference } from './diff'
import { folded, would_issue } from './modes'
import { area_middle, area_path, frame, land_path, names } from './outline'
import { empty, go_on_with, message } from './written'

const both = (before: string, after: string) => {
  const pieces = difference(before, after)
  return [pieces.filter((p) => p.in !== 'after').map((p) => p.text).join(''), pieces.filter((p) => p.in !== 'before').map((p) => p.text).join('')]
}

describe('the difference between two texts', () => {
  test('gives each of the two texts back', () => {
    for (const [a, b] of [['', ''], ['a b c', 'a x c'], ['', 'new text'], ['old', ''], ['one  two\nthree', 'two three one'], ['w '.repeat(2000), 'w '.repeat(1999)]] as const) expect(both(a, b)).toEqual([a, b])
  })
  test('marks only what differs', () => {
    // Two texts that have nothing but small words in common are shown one after the other.
    expect(difference('the sea rises in the harbour', 'go to the high ground of your own town now')).toHaveLength(2)
    expect(difference('height 2 to 6 m', 'height 4 to 6 m').filter((p) => p.in !== 'both')).toEqual([{ text: '2', in: 'before' }, { text: '4', in: 'after' }])
  })
})

describe('two persons', () => {
  const draft = (approvals: string[], needed: number, author = 'system') => ({ approvals, author, gate: { approvals: needed, deadline_us: 0, at_deadline: 'hold' } }) as unknown as Draft
  test('a draft goes out with the last that is needed, never by its author alone', () => {
    expect(would_issue(draft([], 2), 'ana')).toBe(false)
    expect(would_issue(draft(['ana'], 2), 'ben')).toBe(true)
    expect(would_issue(draft(['ana'], 2), 'ana')).toBe(false)
    expect(would_issue(draft([], 1, 'ana'), 'ana')).toBe(false)
    expect(would_issue(draft([], 1, 'ana'), 'ben')).toBe(true)
  })
  test('an area is named without its accents, case and spaces, and by no other name', () => {
    expect(folded('  VALPARAISO ')).toBe(folded('Valparaíso'))
    expect(folded('nuble  y biobio')).toBe(folded('Ñuble y Biobío'))
    expect(folded('Valpara')).not.toBe(folded('Valparaíso'))
  })
})

describe('the small map', () => {
  const square = (lat: number, lon: number) => ({ name: `${lat} ${lon}`, polygon: [[[lat, lon], [lat, lon + 1], [lat - 1, lon + 1], [lat - 1, lon]] as [number, number][]] })
  test('areas on both sides of the date line lie side by side', () => {
    const areas = [square(-15, 178), square(-15, -179)]
    const f = frame(areas)!
    const [west, east] = [area_middle(f, areas[0]!)[0], area_middle(f, areas[1]!)[0]]
    expect(west).toBeLessThan(east)
    for (const x of [west, east]) { expect(x).toBeGreaterThan(0); expect(x).toBeLessThan(f.width) }
    expect(f.east - f.west).toBeLessThan(10)
    expect(area_path(f, areas[1]!)).toMatch(/^M[\d.]+ [\d.]+L/)
  })
  test('land is drawn where it is in sight, also from the other end of the map', () => {
    const f = frame([square(-15, 179)])!
    const ring = (lon: number) => [[lon, -14], [lon + 1, -14], [lon + 1, -15], [lon, -15], [lon, -14]] as [number, number][]
    expect(land_path(f, [ring(-180)])).not.toBe('')
    expect(land_path(f, [ring(0)])).toBe('')
  })
  test('no name lies over another', () => {
    const areas = [square(-15, 10), square(-15.05, 10.2), square(-20, 10)]
    expect(names(frame(areas)!, areas).map((n) => n.text)).toEqual(['-15 10', '-20 10'])
  })
  test('no outline, no map', () => expect(frame([{ name: 'x', polygon: [] }])).toBeNull())
})

describe('a message of one\'s own', () => {
  const words = { es: { headline: ' Marejadas ', text: 'Fuertes', instruction: ' ' }, en: { headline: ' ', text: '', instruction: '' } }
  test('languages without words are left out, and so is what calls back without an event', () => {
    expect(message({ ...empty(), zones: ['a'], cancels: true, words })).toEqual({ level: 'warning', tsunami: true, zones: ['a'], words: { es: { headline: 'Marejadas', text: 'Fuertes' } } })
  })
  test('an update begins with the zones and level of what is in force, and keeps the zones that were chosen', () => {
    const alert = { event: 'us1', areas: ['B'], severity: 'Extreme' } as Alert
    const zones = [{ id: 'a', name: 'A' }, { id: 'b', name: 'B' }]
    expect(go_on_with(empty(), alert, zones)).toMatchObject({ event: 'us1', zones: ['b'], level: 'major' })
    expect(go_on_with({ ...empty(), zones: ['a'] }, alert, zones).zones).toEqual(['a'])
    expect(go_on_with({ ...empty(), event: 'us1', cancels: true }, null, zones)).toMatchObject({ event: '', cancels: false })
  })
})
