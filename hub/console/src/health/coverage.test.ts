import { expect, test } from 'vitest'
import { sentence, worst_first, type Coverage, type ZoneCoverage } from './coverage'

const zone = (name: string, state: ZoneCoverage['state'], lost: string[] = []): ZoneCoverage => ({ id: name, name, state, watchers: [], lost, blind_towards: [], lead_min: null })
const coverage = (...zones: ZoneCoverage[]): Coverage => ({ ready: true, note: '', zones })

test('a blind coast is named with how many there are', () => {
  expect(sentence(coverage(zone('North', 'watched'), zone('South', 'blind')))).toMatchObject({ text: '1 of 2 coasts is blind now: South.', state: 'blind' })
})

test('what is not known is never calm', () => {
  expect(sentence(null).state).toBe('unknown')
  expect(sentence({ ...coverage(zone('North', 'watched')), ready: false, note: 'computing' })).toMatchObject({ text: 'Which coast is blind is not known yet.', more: 'computing', state: 'unknown' })
  expect(sentence(coverage()).state).toBe('unknown')
})

test('"no coast is blind" is said only where all are watched somehow', () => {
  expect(sentence(coverage(zone('North', 'watched'), zone('South', 'partly'))).text).toBe('No coast is blind.')
  expect(sentence(coverage(zone('North', 'watched'))).state).toBe('clear')
  expect(sentence(coverage(zone('North', 'watched'), zone('South', 'unwatched'))).text).not.toMatch(/^No coast is blind/)
  expect(sentence(coverage(zone('North', 'unwatched'))).text).toBe('No coast is watched by this deployment.')
})

test('the worst comes first', () => {
  expect(worst_first([zone('A', 'watched'), zone('B', 'unwatched'), zone('C', 'partly'), zone('D', 'partly', ['x']), zone('E', 'blind')]).map((z) => z.name)).toEqual(['E', 'D', 'C', 'B', 'A'])
})
