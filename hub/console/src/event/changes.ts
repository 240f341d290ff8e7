// What one forecast says that another did not: levels, arrivals, heights, zone by zone, in words.

import type { EventDetail, EventView, Level, ZoneForecast } from '../api'
import { level_word, RANK } from '../level'
import { number, span } from '../time'

export type Revision = EventDetail['revisions'][number]

/** An arrival that moved by less is the same to people on the shore, and within what the forecast knows. */
const ARRIVAL_US = 60e6
/** A height that changed by less than this, and less than a tenth, is the same. */
const HEIGHT_M = 0.1
const HEIGHT_SHARE = 0.1

export interface Change { zone: string; name: string; before: Level | null; after: Level | null
  /** Positive: later. Null when it did not move by as much as matters. */
  moved_us: number | null
  /** Median heights before and after, metres; null when they are about the same. */
  height_m: [number, number] | null }

/** What changed between two forecasts, the gravest first; zones about which they say the same are left out. */
export function changes(before: readonly ZoneForecast[], after: readonly ZoneForecast[]): Change[] {
  const known = new Map(before.map((z) => [z.id, z]))
  const list: Change[] = []
  for (const zone of after) {
    const old = known.get(zone.id)
    known.delete(zone.id)
    if (!old) {
      list.push({ zone: zone.id, name: zone.name, before: null, after: zone.level, moved_us: null, height_m: null })
      continue
    }
    const moved = zone.arrival_us - old.arrival_us
    const taller = Math.abs(zone.median_m - old.median_m)
    const change: Change = {
      zone: zone.id, name: zone.name, before: old.level, after: zone.level,
      moved_us: Math.abs(moved) >= ARRIVAL_US ? moved : null,
      height_m: taller >= HEIGHT_M && taller >= HEIGHT_SHARE * Math.max(Math.abs(old.median_m), 1e-9) ? [old.median_m, zone.median_m] : null,
    }
    if (change.before !== change.after || change.moved_us !== null || change.height_m !== null) list.push(change)
  }
  for (const gone of known.values()) list.push({ zone: gone.id, name: gone.name, before: gone.level, after: null, moved_us: null, height_m: null })
  const weight = (c: Change) => Math.max(RANK[c.before ?? 'none'], RANK[c.after ?? 'none']) * 10 + Math.abs(step(c))
  return list.sort((a, b) => weight(b) - weight(a) || a.name.localeCompare(b.name))
}

/** How many levels a zone went up; negative: down. */
export const step = (c: Change) => RANK[c.after ?? 'none'] - RANK[c.before ?? 'none']

/** One change as a sentence without its end. */
export function in_words(c: Change): string {
  const parts: string[] = []
  if (c.before === null) parts.push(`new: ${level_word(c.after ?? 'none').toLowerCase()}`)
  else if (c.after === null) parts.push(`no longer forecast (was ${level_word(c.before).toLowerCase()})`)
  else if (c.before !== c.after) parts.push(`${level_word(c.before).toLowerCase()} → ${level_word(c.after).toLowerCase()}`)
  if (c.moved_us !== null) parts.push(`arrival ${span(Math.abs(c.moved_us))} ${c.moved_us < 0 ? 'earlier' : 'later'}`)
  if (c.height_m) parts.push(`height ${number(c.height_m[0], 'm')} → ${number(c.height_m[1], 'm')}`)
  return `${c.name}: ${parts.join(', ')}`
}

export interface Sorted { up: Change[]; down: Change[]; fresh: Change[]; gone: Change[]; earlier: Change[]; later: Change[]; higher: Change[]; lower: Change[] }

/** The same changes by kind. A zone may be in several. */
export const sorted = (list: readonly Change[]): Sorted => ({
  up: list.filter((c) => c.before !== null && c.after !== null && step(c) > 0),
  down: list.filter((c) => c.before !== null && c.after !== null && step(c) < 0),
  fresh: list.filter((c) => c.before === null),
  gone: list.filter((c) => c.after === null),
  earlier: list.filter((c) => (c.moved_us ?? 0) < 0),
  later: list.filter((c) => (c.moved_us ?? 0) > 0),
  higher: list.filter((c) => c.height_m && c.height_m[1] > c.height_m[0]),
  lower: list.filter((c) => c.height_m && c.height_m[1] < c.height_m[0]),
})

/** One short line: `2 zones up, 1 new, 3 earlier`; `null` when nothing changed. */
export function summary(list: readonly Change[]): string | null {
  const s = sorted(list)
  const zones = (n: number) => `${n} ${n === 1 ? 'zone' : 'zones'}`
  const parts = [
    s.up.length && `${zones(s.up.length)} up`, s.down.length && `${zones(s.down.length)} down`, s.fresh.length && `${zones(s.fresh.length)} new`,
    s.gone.length && `${zones(s.gone.length)} no longer forecast`, s.earlier.length && `${s.earlier.length} earlier`, s.later.length && `${s.later.length} later`,
    s.higher.length && `${s.higher.length} higher`, s.lower.length && `${s.lower.length} lower`,
  ].filter((p): p is string => typeof p === 'string')
  return parts.length > 0 ? parts.join(', ') : null
}

/** A message says its time to the second, and goes out in the step in which the forecast is made. */
const SAME_STEP_US = 1e6

/** The forecast that stood when a message was sent. */
export const standing_at = (revisions: readonly Revision[], sent_us: number) => revisions.findLast((r) => r.made_us < sent_us + SAME_STEP_US) ?? null

const BASIS: Record<EventView['basis'], string> = {
  first_estimate: 'a first estimate from the earthquake alone', model: 'a wave model of the earthquake', records: 'what sea-level stations have recorded',
  waves: 'the waves that stations have seen, without a known earthquake',
}
/** What a forecast rests on, in words. */
export const basis_words = (basis: EventView['basis']) => BASIS[basis] ?? basis
