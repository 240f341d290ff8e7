// Everything that happened in an event and why, from what the hub has told: lines, situations' findings, forecasts, messages, drafts.

import type { Alert, Draft, EventDetail, EventView, Line, Situation } from '../api'
import { level_word } from '../level'
import { hm, number, words } from '../time'
import { basis_words, changes, in_words, type Change, type Revision } from './changes'

export const KINDS = [
  { id: 'seen', name: 'Seen', what: 'earthquakes, shaking, waves at stations' },
  { id: 'forecast', name: 'Forecast', what: 'every forecast, and what it changed' },
  { id: 'decided', name: 'Decided', what: 'messages, drafts, sirens' },
  { id: 'around', name: 'Around it', what: 'outages, traffic, ground: what belongs to the situation' },
  { id: 'system', name: 'System', what: 'what did not work' },
] as const
export type Kind = (typeof KINDS)[number]['id']

export interface Item { key: string; time_us: number; kind: Kind; title: string; /** What there is to say, a line each. */ text: string[]; /** Why. */ because: string | null
  /** Where the whole of it can be read. */ file?: string }

/** Changes that are written out for one forecast. */
const TOLD = 8

const LINES: Record<string, Kind> = {
  alert: 'decided', update: 'decided', cancel: 'decided', siren: 'decided', inversion: 'forecast', no_model: 'forecast', no_forecast: 'forecast', reopened: 'forecast',
  earthquake: 'seen', shaking: 'seen', confirmed: 'seen', explained: 'seen', unexplained: 'seen', taken_back: 'seen', corrected: 'seen', shaking_ground: 'seen',
  shaking_ground_near: 'seen', shaking_ground_over: 'seen', amplitude: 'seen', quiet: 'seen', error: 'system', refused: 'system', sensor_fault: 'system', node_finding: 'system',
}
/** Kinds of findings that are the event's own evidence; the rest of a situation is around it. */
const OWN = new Set(['earthquake', 'wave', 'warning'])
/** Lines that say only why a finding belongs to a situation: the finding says so itself. */
const LINKS = new Set(['situation', 'damage'])
const MESSAGE: Record<string, string> = { Alert: 'Alert sent', Update: 'Update sent', Cancel: 'Called back or all clear' }

/** The lines that belong to an event: by its situations, because they name it, or - what stations and models tell has neither - because they came while it was on. */
export function lines_of(event: EventView, lines: readonly Line[], situations: readonly Situation[]): Line[] {
  const situation = situations.filter((s) => s.events.includes(event.id))
  const mine = new Set(situation.map((s) => s.id))
  const because = situation.flatMap((s) => s.evidence.flatMap((e) => (e.because === null ? [] : [e.because])))
  const names = [event.id, event.source.id].filter((n) => n !== '')
  const while_on = (l: Line) => ['seen', 'forecast'].includes(LINES[l.kind] ?? '') && l.time_us >= event.source.origin_us && l.time_us <= (event.over_us ?? Infinity)
  return lines
    .filter((l) => (l.situation ? mine.has(l.situation) : names.some((n) => l.text.includes(n)) || while_on(l)))
    .filter((l) => !(LINKS.has(l.kind) && because.some((b) => l.text.includes(b))))
}

/** All of an event, newest first. */
export function timeline(event: EventView, detail: EventDetail | null, lines: readonly Line[], situations: readonly Situation[], alerts: readonly Alert[], drafts: readonly Draft[]): Item[] {
  const messages = alerts.filter((a) => a.event === event.id)
  const own = lines_of(event, lines, situations)
  const items: Item[] = [
    ...messages.map((a) => message(a, own)),
    ...own.filter((l) => !messages.some((a) => is_of(l, a))).map(told),
    ...situations.filter((s) => s.events.includes(event.id)).flatMap((s) => s.evidence.filter((e) => !OWN.has(e.kind)).map((e): Item => ({
      key: `evidence ${s.id} ${e.key}`, time_us: e.since_us, kind: e.kind === 'sea_shaking' ? 'seen' : 'around', title: e.name, text: [e.text, e.until_us === null ? 'Still on.' : `Until ${hm(e.until_us)} UTC.`], because: e.because,
    }))),
    ...forecasts(detail),
    ...drafts.filter((d) => d.event === event.id).map(draft),
  ]
  if (event.over_us !== null) items.push({ key: 'over', time_us: event.over_us, kind: 'forecast', title: 'The event is over', text: [], because: event.over_why })
  return items.sort((a, b) => b.time_us - a.time_us || (a.key < b.key ? 1 : -1))
}

/** A line says the same as a message that went out at that time. */
const is_of = (line: Line, alert: Alert) => ['alert', 'update', 'cancel'].includes(line.kind) && line.text.startsWith(alert.headline) && Math.abs(line.time_us - alert.sent_us) < 10e6

function message(alert: Alert, lines: readonly Line[]): Item {
  const line = lines.find((l) => is_of(l, alert))
  const reason = line ? line.text.slice(alert.headline.length).trim().replace(/^\((.*)\)$/s, '$1') : ''
  const text = [alert.headline, alert.areas.join(', ')]
  if (line && line.compute_ms !== null) text.push(`Out ${number(line.compute_ms / 1e3, 's')} after what caused it was heard.`)
  return { key: `alert ${alert.identifier}`, time_us: alert.sent_us, kind: 'decided', title: MESSAGE[alert.msg_type] ?? alert.msg_type, text, because: reason || null, file: alert.file }
}

const told = (line: Line): Item => ({ key: `line ${line.time_us} ${line.kind} ${line.text}`, time_us: line.time_us, kind: LINES[line.kind] ?? 'around', title: words(line.kind), text: [line.text], because: null })

/** Forecasts that say something new, and between them, in one item, those that do not. Each is held against the last that did, so that no slow drift is lost. */
function forecasts(detail: EventDetail | null): Item[] {
  const items: Item[] = []
  let before: Revision | null = null
  let same: Revision[] = []
  const renewed = () => {
    const last = same.at(-1)
    if (last) items.push(unchanged(same, last))
    same = []
  }
  for (const now of detail?.revisions ?? []) {
    const list: Change[] = before ? changes(before.zones, now.zones) : []
    if (before && list.length === 0 && before.level === now.level && before.basis === now.basis) {
      same.push(now)
      continue
    }
    renewed()
    items.push(changed(before, now, list))
    before = now
  }
  renewed()
  return items
}

const why_of = (r: Revision) => [r.why, `rests on ${basis_words(r.basis)}`].filter((t) => t !== '').join('; ')

function changed(before: Revision | null, now: Revision, list: readonly Change[]): Item {
  const text = before
    ? list.length > 0 ? [...list.slice(0, TOLD).map(in_words), ...(list.length > TOLD ? [`and ${list.length - TOLD} more zones`] : [])] : ['No zone changed by as much as matters.']
    : [`${now.zones.length} zones, gravest: ${level_word(now.level).toLowerCase()}.`]
  const level = before && before.level !== now.level ? `: ${level_word(before.level).toLowerCase()} → ${level_word(now.level).toLowerCase()}` : ''
  return { key: `forecast ${now.number}`, time_us: now.made_us, kind: 'forecast', title: `Forecast ${now.number}${level}`, text, because: why_of(now) }
}

function unchanged(same: readonly Revision[], last: Revision): Item {
  const first = same[0]?.number ?? last.number
  const title = same.length === 1 ? `Forecast ${last.number}: about the same` : `Forecasts ${first} to ${last.number}: about the same`
  return { key: `forecast ${last.number}`, time_us: last.made_us, kind: 'forecast', title, text: ['No zone changed by as much as matters.'], because: why_of(last) }
}

function draft(d: Draft): Item {
  const text = [`From ${d.author}. Now ${d.standing}.`]
  if (d.approvals.length > 0) text.push(`Agreed: ${d.approvals.join(' and ')}.`)
  return { key: `draft ${d.id}`, time_us: d.proposed_us, kind: 'decided', title: `Draft proposed: ${d.ending ? 'calls back' : level_word(d.grade).toLowerCase()}`, text, because: d.reason || null }
}
