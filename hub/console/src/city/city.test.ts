import { expect, test } from 'vitest'
import type { Evidence, Station } from '../api'
import { of_station, sentence, STEP_US, stations_of, time_of } from './city'

const station = (id: string, domain: Station['domain'], state: Station['state']): Station => ({ id, name: `Name ${id}`, lat: 0, lon: 0, domain, state, latest: {}, finding: '' })
const evidence = (key: string): Evidence => ({ key, kind: 'incident', name: '', text: '', since_us: 0, until_us: null, lat: 0, lon: 0, rule: null, because: null, damage: false })

test('evidence belongs to the station that its key names as a whole', () => {
  expect(of_station(evidence('incident/road-1/speed'), 'road-1')).toBe(true)
  expect(of_station(evidence('incident/road-10/speed'), 'road-1')).toBe(false)
  expect(of_station(evidence('incident/road-1/road-2'), 'road-2')).toBe(true)
  expect(of_station(evidence('incident/road-1/speed'), 'incident')).toBe(false)
})

test('stations are those of the domain, the worst first', () => {
  const all = [station('a', 'traffic', 'good'), station('b', 'traffic', 'finding'), station('c', 'energy', 'fault'), station('d', 'traffic', 'unknown')]
  expect(stations_of(all, 'traffic', '', false).map((s) => s.id)).toEqual(['b', 'd', 'a'])
  expect(stations_of(all, 'traffic', ' NAME d', true).map((s) => s.id)).toEqual(['d'])
})

test('silence is said beside what is found', () => {
  const said = sentence([station('a', 'traffic', 'unknown'), station('b', 'traffic', 'good')], [], [])
  expect(said.text).toBe('No unusual traffic is known.')
  expect(said.more).toContain('1 of 2 traffic stations')
  expect(said.state).toBe('unknown')
  expect(sentence([station('a', 'traffic', 'unknown')], [station('m', 'energy', 'fault')], [])).toMatchObject({ text: 'Whether there is power is not known; how traffic runs is not known.', state: 'unknown' })
  expect(sentence([station('a', 'traffic', 'good')], [], []).state).toBe('calm')
})

test('the time that is shown moves in steps and does not end before the event does', () => {
  const now = 1_000 * STEP_US + 1
  expect(time_of('1h', now, null)).toEqual({ from_us: 1_001 * STEP_US - 3_600e6, to_us: 1_001 * STEP_US })
  expect(time_of('event', now, null)).toEqual(time_of('6h', now, null))
})
