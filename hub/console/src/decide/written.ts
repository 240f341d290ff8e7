// A message that an officer writes. It is kept here while the page is open: no failing request, no look into another room loses a word.

import { signal } from '@preact/signals'
import type { Alert, Desk, Grade, Written } from '../api'

export interface Words { headline: string; text: string; instruction: string }
export interface Form { event: string; cancels: boolean; level: Grade; tsunami: boolean; zones: readonly string[]; words: Readonly<Record<string, Words>> }

/** The hub's own limits, characters; it says so too. */
export const HEADLINE_MAX = 160
export const TEXT_MAX = 2_000

export const empty = (): Form => ({ event: '', cancels: false, level: 'warning', tsunami: true, zones: [], words: {} })
export const form = signal<Form>(empty())
export const NO_WORDS: Words = { headline: '', text: '', instruction: '' }

export const is_empty = (f: Form) => f.zones.length === 0 && Object.values(f.words).every((w) => w.headline + w.text + w.instruction === '')

/** What is asked of the hub. Languages in which nothing is written are left out. */
export function message(f: Form): Written {
  const words: Written['words'] = {}
  for (const [language, own] of Object.entries(f.words)) {
    const [headline, text, instruction] = [own.headline.trim(), own.text.trim(), own.instruction.trim()]
    if (headline + text + instruction === '') continue
    words[language] = instruction === '' ? { headline, text } : { headline, text, instruction }
  }
  return { ...(f.event === '' ? {} : { event: f.event, ...(f.cancels ? { cancels: true } : {}) }), level: f.level, tsunami: f.tsunami, zones: [...f.zones], words }
}

const LEVEL: Record<string, Grade> = { Extreme: 'major', Severe: 'warning', Moderate: 'advisory' }

/** To go on with an event begins with the zones and the level of what is in force. */
export function go_on_with(f: Form, alert: Alert | null, zones: Desk['zones']): Form {
  if (!alert) return { ...f, event: '', cancels: false }
  const told = zones.filter((z) => alert.areas.includes(z.name)).map((z) => z.id)
  return { ...f, event: alert.event, zones: f.zones.length > 0 ? f.zones : told, level: LEVEL[alert.severity] ?? f.level }
}
