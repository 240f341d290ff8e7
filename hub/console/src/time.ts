// Times, spans and numbers as people read them. All times come as microseconds since the Unix epoch.

const date = (us: number) => new Date(us / 1000)
export const isTime = (us: number | null | undefined): us is number => typeof us === 'number' && Number.isFinite(us) && Math.abs(us) < 8.64e18

const local = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' })

/** `2010-02-27` in UTC. */
export const day = (us: number) => date(us).toISOString().slice(0, 10)
/** `06:34:11` in UTC. */
export const hms = (us: number) => date(us).toISOString().slice(11, 19)
/** `06:34` in UTC. */
export const hm = (us: number) => date(us).toISOString().slice(11, 16)
/** ISO 8601, for `<time datetime>`. */
export const iso = (us: number) => (isTime(us) ? date(us).toISOString() : '')
/** Both clocks: `2010-02-27 06:34 UTC (here Sat 03:34 GMT-3)`. */
export const both = (us: number) => (isTime(us) ? `${day(us)} ${hm(us)} UTC (here ${local.format(date(us))})` : 'unknown')
/** The clock of this place. */
export const here = (us: number) => (isTime(us) ? local.format(date(us)) : '')

/** `47 s`, `12 min`, `3 h 05 min`, `2 days`. */
export function span(us: number): string {
  const s = Math.max(0, Math.round(us / 1e6))
  if (s < 120) return `${s} s`
  if (s < 7200) return `${Math.floor(s / 60)} min`
  if (s < 172800) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} min`
  return `${Math.floor(s / 86400)} days`
}

/** A countdown to the second: `1:23:45`, `04:07`. */
export function countdown(us: number): string {
  const s = Math.max(0, Math.round(us / 1e6))
  const two = (n: number) => String(n).padStart(2, '0')
  const [h, m] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)]
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${two(m)}:${two(s % 60)}`
}

const DIGITS: Record<string, number> = { m: 2, Pa: 0, Cel: 2, 'km/h': 1, '%': 1, '1/h': 0, s: 1, V: 1, A: 2, W: 0, var: 0, VA: 0, '1': 2, Hz: 3, Wh: 0, 'm/s2': 3, min: 0, km2: 1 }
const UNITS: Record<string, string> = { Cel: '°C', '1': '', '1/h': 'per hour', 'm/s2': 'm/s²', km2: 'km²' }

/** A value with its unit; SenML units are written as people write them. */
export function number(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return 'no value'
  const digits = DIGITS[unit] ?? 3
  return `${value.toFixed(digits)}${unit === '%' ? '' : ' '}${UNITS[unit] ?? unit}`.trim()
}

/** `water_pressure` as `Water pressure`. */
export const words = (name: string) => {
  const text = name.replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
