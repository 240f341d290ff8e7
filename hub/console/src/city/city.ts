// What the city view sorts, counts and says.

import type { Evidence, EventView, Situation, Station } from '../api'
import { state_rank } from '../quality'

export type Window = '1h' | '6h' | '24h' | 'event'
export const WINDOWS: readonly [Window, string][] = [['1h', '1 hour'], ['6h', '6 hours'], ['24h', '24 hours'], ['event', 'The event']]
const HOURS: Record<Exclude<Window, 'event'>, number> = { '1h': 1, '6h': 6, '24h': 24 }
const HOUR_US = 3_600e6
/** What is shown before an event, to see what was usual. */
const BEFORE_US = HOUR_US / 2
/** Series are asked for anew this often. */
export const STEP_US = 60e6

/** Which time is shown. It moves in steps, so that a chart is not asked for each second. */
export function time_of(window: Window, now_us: number, event: EventView | null): { from_us: number; to_us: number } {
  const to = Math.ceil(now_us / STEP_US) * STEP_US
  if (window !== 'event' || event === null) return { from_us: to - HOURS[window === 'event' ? '6h' : window] * HOUR_US, to_us: to }
  const end = event.over_us === null ? to : Math.min(to, Math.ceil(event.over_us / STEP_US) * STEP_US)
  return { from_us: event.began_us - BEFORE_US, to_us: Math.max(end, event.began_us + BEFORE_US) }
}

export const LANES: readonly [string, string][] = [
  ['earthquake', 'Earthquake'], ['ground', 'Shaking'], ['sea_shaking', 'Sea sensors shaken'], ['wave', 'Tsunami'], ['warning', 'Warning'], ['outage', 'Power outages'],
  ['supply', 'Bad supply'], ['frequency', 'Grid frequency'], ['incident', 'Traffic incidents'], ['congestion', 'Congestion'], ['limit', 'Limits passed'],
]

/** Kinds that say how the city itself is. */
export const CITY_KINDS = new Set(['outage', 'supply', 'frequency', 'incident', 'congestion'])
export const ROAD_KINDS = new Set(['incident', 'congestion'])

export const on = (evidence: Evidence) => evidence.until_us === null
/** The evidence that a station gave: its key names the station between slashes. */
export const of_station = (evidence: Evidence, id: string) => evidence.key.split('/').slice(1).includes(id)

export const all_evidence = (situations: Situation[]) => situations.flatMap((s) => s.evidence.map((evidence) => ({ evidence, situation: s })))

/** What is on first, then damage, then the newest. */
export const gravest = (a: Evidence, b: Evidence) => Number(on(b)) - Number(on(a)) || Number(b.damage) - Number(a.damage) || b.since_us - a.since_us

/** Situations that touch the city first, those that are on before those that are over, the newest first. */
export const order = (situations: Situation[]) =>
  [...situations].sort((a, b) => Number(a.over_us !== null) - Number(b.over_us !== null) || b.damage - a.damage || b.since_us - a.since_us)

/** Stations of a domain, the worst first: by state, then by how many findings are on there, then by name. */
export function stations_of(stations: Iterable<Station>, domain: Station['domain'], text: string, only_troubled: boolean): Station[] {
  const asked = text.trim().toLowerCase()
  return [...stations]
    .filter((s) => s.domain === domain && (asked === '' || s.name.toLowerCase().includes(asked) || s.id.toLowerCase().includes(asked)) && (!only_troubled || s.state !== 'good'))
    .sort((a, b) => state_rank(a.state) - state_rank(b.state) || a.name.localeCompare(b.name))
}

const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`

/** The sentence at the top. What is silent is said with what is found: no finding from a silent station is no calm. */
export function sentence(roads: Station[], meters: Station[], outages: { out: number }[]): { text: string; more: string; state: 'bad' | 'unknown' | 'calm' } {
  const finding = (list: Station[]) => list.filter((s) => s.state === 'finding').length
  const blind = (list: Station[]) => list.filter((s) => s.state === 'unknown' || s.state === 'fault').length
  const parts: string[] = []
  if (meters.length > 0) {
    const out = outages.reduce((sum, o) => sum + o.out, 0)
    parts.push(outages.length > 0 ? `${count(outages.length, 'power outage', 'power outages')}: ${count(out, 'meter', 'meters')} out` : blind(meters) === meters.length ? 'whether there is power is not known' : 'no power outage is known')
  }
  if (roads.length > 0) parts.push(finding(roads) > 0 ? `traffic is unusual at ${finding(roads)} of ${count(roads.length, 'station', 'stations')}` : blind(roads) === roads.length ? 'how traffic runs is not known' : 'no unusual traffic is known')
  const silent: string[] = []
  if (blind(meters) > 0) silent.push(`${blind(meters)} of ${count(meters.length, 'meter', 'meters')}`)
  if (blind(roads) > 0) silent.push(`${blind(roads)} of ${count(roads.length, 'traffic station', 'traffic stations')}`)
  const first = parts.join('; ')
  return {
    text: `${first.charAt(0).toUpperCase()}${first.slice(1)}.`,
    more: silent.length > 0 ? `Nothing is known from ${silent.join(' and ')}: they are silent or faulty.` : '',
    state: outages.length > 0 || finding(roads) > 0 ? 'bad' : silent.length > 0 ? 'unknown' : 'calm',
  }
}
