// Which coast is blind now, in a sentence. Unknown never reads as safe.

import type { HealthView } from '../api'

export type Coverage = HealthView['coverage']
export type ZoneCoverage = Coverage['zones'][number]

export const COVER_WORD: Record<ZoneCoverage['state'], string> = { blind: 'Blind', partly: 'Partly watched', unwatched: 'Never watched', watched: 'Watched' }
export const COVER_SHAPE: Record<ZoneCoverage['state'], string> = { blind: '✕', partly: '◐', unwatched: '○', watched: '●' }
const RANK: Record<ZoneCoverage['state'], number> = { blind: 0, partly: 1, unwatched: 2, watched: 3 }
const NAMED = 6

/** The worst first; among equals those with more lost stations, then by name. */
export const worst_first = (zones: ZoneCoverage[]) =>
  [...zones].sort((a, b) => RANK[a.state] - RANK[b.state] || b.lost.length - a.lost.length || a.name.localeCompare(b.name))

/** `A, B and 3 more`. */
export const list = (names: string[], most = NAMED) =>
  names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')

const coasts = (n: number) => `${n} ${n === 1 ? 'coast' : 'coasts'}`

/** The sentence at the top. `grave`: at least one coast is blind, or nothing is known. */
export function sentence(coverage: Coverage | null): { text: string; more: string; state: 'unknown' | 'blind' | 'partly' | 'clear' } {
  if (coverage === null) return { text: 'Which coast is blind is not known.', more: 'This hub does not tell its coverage.', state: 'unknown' }
  if (!coverage.ready) return { text: 'Which coast is blind is not known yet.', more: coverage.note, state: 'unknown' }
  const of = (state: ZoneCoverage['state']) => coverage.zones.filter((z) => z.state === state)
  const [blind, partly, unwatched] = [of('blind'), of('partly'), of('unwatched')]
  const all = coverage.zones.length
  if (all === 0) return { text: 'No coast is known here.', more: coverage.note || 'This deployment has no zones, so that nothing can be said about coverage.', state: 'unknown' }
  const never = unwatched.length > 0 ? `${coasts(unwatched.length)} no station of this deployment can warn, even when all work: ${list(unwatched.map((z) => z.name))}.` : ''
  const rest = partly.length > 0 ? `${coasts(partly.length)} ${partly.length === 1 ? 'is' : 'are'} watched in part: ${list(partly.map((z) => z.name))}.` : ''
  const more = [rest, never].filter((t) => t !== '').join(' ')
  if (blind.length > 0) return { text: `${blind.length} of ${coasts(all)} ${blind.length === 1 ? 'is' : 'are'} blind now: ${list(blind.map((z) => z.name))}.`, more, state: 'blind' }
  // "No coast is blind" would be heard as "all are watched" where some never were.
  const text = unwatched.length === all ? 'No coast is watched by this deployment.' : unwatched.length > 0 ? `No watched coast is blind; ${coasts(unwatched.length)} never ${unwatched.length === 1 ? 'is' : 'are'} watched.` : 'No coast is blind.'
  return { text, more, state: unwatched.length > 0 || partly.length > 0 ? 'partly' : 'clear' }
}
