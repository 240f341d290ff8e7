// Numbers of forecasts as people read them.

import type { EventView, Level } from '../api'
import { span } from '../time'

export const LEVEL_WORD: Record<Level, string> = { none: 'No threat', advisory: 'Advisory', warning: 'Warning', major: 'Major warning' }
export const BASIS: Record<EventView['basis'], string> = { first_estimate: 'first estimate from the earthquake', model: 'propagation model', records: 'records of the wave', waves: 'waves alone, no earthquake known' }

/** Heights of waves: centimetres count where they are small. */
export const metres = (m: number | null | undefined) => (m === null || m === undefined || !Number.isFinite(m) ? 'not known' : `${m.toFixed(Math.abs(m) < 10 ? 2 : 1)} m`)
export const height = (f: { median_m: number; p05_m: number; p95_m: number }) => `${metres(f.median_m)} (${f.p05_m.toFixed(2)} to ${metres(f.p95_m)})`
export const minutes = (s: number) => (Math.abs(s) < 90 ? `${Math.round(Math.abs(s))} s` : `${Math.round(Math.abs(s) / 60)} min`)
/** `4 min later` than forecast, `2 min earlier`. */
export const off_by = (error_s: number | null) => (error_s === null ? '-' : Math.abs(error_s) < 1 ? 'to the second' : `${minutes(error_s)} ${error_s > 0 ? 'later' : 'earlier'}`)
export const higher = (error_m: number | null) => (error_m === null ? '-' : `${metres(Math.abs(error_m))} ${error_m >= 0 ? 'higher' : 'lower'}`)
export const inside = (is: boolean | null) => (is === null ? '-' : is ? '● inside' : '✕ outside')
export const lead = (us: number | null) => (us === null ? 'not known' : us < 0 ? `not: about ${span(-us)} after it was there` : span(us))
