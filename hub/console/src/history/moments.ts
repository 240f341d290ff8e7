// What is on the track of the scrubber: moments of an event, gaps of the record, and steps between them.

import type { EventDetail, EventView, History, State } from '../api'
import { hm } from '../time'

export type MomentKind = 'quake' | 'alert' | 'cancel' | 'forecast' | 'onset' | 'over'
export interface Moment { time_us: number; kind: MomentKind; text: string }
export interface Stretch { from_us: number; to_us: number }

/** Shown before and after an event. */
const MARGIN_US = 10 * 60e6
/** Moments on a track at most; the gravest kinds stay. */
const MOST = 160

/** The time that a scrubber of an event spans. An event that is on goes on to the end of the record. */
export function stretch_of(event: { began_us: number; over_us: number | null }, history: History | null, present_us: number): Stretch {
  const end = Math.max(history?.to_us ?? 0, event.began_us + MARGIN_US)
  const to = event.over_us === null ? Math.max(end, present_us > 0 && history?.to_us == null ? present_us : 0) : event.over_us + MARGIN_US
  const from = event.began_us - MARGIN_US
  return { from_us: Math.max(from, history?.from_us ?? from), to_us: history?.to_us == null ? to : Math.min(to, Math.max(history.to_us, event.began_us + 60e6)) }
}

const RANK: Record<MomentKind, number> = { quake: 0, alert: 1, cancel: 1, over: 1, onset: 2, forecast: 3 }

type Revision = EventDetail['revisions'][number]
const said = (r: Revision) => `${r.basis} ${r.zones.map((z) => `${z.id}:${z.level}`).sort().join()}`

/** Forecasts that say something else than the one before: another level somewhere, or another ground to stand on. */
export const turns = (revisions: Revision[]) => revisions.filter((r, n) => { const before = revisions[n - 1]; return before === undefined || said(before) !== said(r) })

/** Moments of an event in order of time: its earthquake, each message, forecasts, waves at stations, its end. */
export function moments_of(event: EventView | null, detail: EventDetail | null, end: State | null): Moment[] {
  const list: Moment[] = []
  if (event) {
    list.push({ time_us: event.source.kind === 'earthquake' ? event.source.origin_us : event.began_us, kind: 'quake', text: event.source.kind === 'earthquake' ? `Earthquake M${event.source.magnitude.toFixed(1)}, ${event.source.place}` : 'First wave without a known earthquake' })
    const names = new Map(end?.stations.map((s) => [s.id, s.name]))
    for (const s of event.stations) if (s.observed) list.push({ time_us: s.observed.onset_us, kind: 'onset', text: `Wave at ${names.get(s.id) ?? s.id}` })
    if (event.over_us !== null) list.push({ time_us: event.over_us, kind: 'over', text: event.over_why ? `Over: ${event.over_why}` : 'Over' })
  }
  for (const r of turns(detail?.revisions ?? [])) list.push({ time_us: r.made_us, kind: 'forecast', text: `Forecast ${r.number}: ${r.why}` })
  for (const a of end?.alerts ?? []) if (event === null || a.event === event.id) list.push({ time_us: a.sent_us, kind: a.msg_type === 'Cancel' ? 'cancel' : 'alert', text: `${a.msg_type}: ${a.headline}` })
  const kept = list.length <= MOST ? list : [...list].sort((a, b) => RANK[a.kind] - RANK[b.kind]).slice(0, MOST)
  return kept.sort((a, b) => a.time_us - b.time_us)
}

/** The next moment after a time, or the one before it. Moments of the same second count once. */
export function beside(moments: Moment[], at_us: number, forward: boolean): Moment | null {
  return forward ? (moments.find((m) => m.time_us > at_us + 1e6) ?? null) : (moments.findLast((m) => m.time_us < at_us - 1e6) ?? null)
}

/** Where on a track a time is, 0 to 1. */
export const share = (us: number, { from_us, to_us }: Stretch) => (to_us > from_us ? Math.min(1, Math.max(0, (us - from_us) / (to_us - from_us))) : 0)

/** Gaps of the record within a stretch. */
export const gaps_in = (gaps: Stretch[], s: Stretch) =>
  gaps.map((g) => ({ from_us: Math.max(g.from_us, s.from_us), to_us: Math.min(g.to_us, s.to_us) })).filter((g) => g.to_us > g.from_us)

/** The gap that a time lies in. */
export const gap_at = (gaps: Stretch[], us: number) => gaps.find((g) => us > g.from_us && us < g.to_us) ?? null

export const moment_label = (m: Moment) => `${hm(m.time_us)} UTC, ${m.text}`
