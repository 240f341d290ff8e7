// The rooms of the console and the way between them. The address names the room (`#/event/us2010tfan`), so that a link, the back button and a
// reload lead where they should.

import { signal } from '@preact/signals'

export const ROOMS = [
  { id: 'watch', name: 'Watch', key: '1', what: 'the map, what is in force and what comes' },
  { id: 'event', name: 'Event', key: '2', what: 'what happened, why, and what is forecast' },
  { id: 'decide', name: 'Decide', key: '3', what: 'drafts, messages, corrections' },
  { id: 'city', name: 'City', key: '4', what: 'traffic, energy, outages' },
  { id: 'health', name: 'Health', key: '5', what: 'links, losses, coverage, delivery' },
  { id: 'history', name: 'History', key: '6', what: 'past events, reports' },
] as const

export type RoomId = (typeof ROOMS)[number]['id']

export interface Place { room: RoomId; /** What of the room, such as an event's or a station's id. */ of: string | null; /** A view of it, such as a report. */ part: string }

function read(): Place {
  const [, room = '', of = '', part = ''] = window.location.hash.split('/')
  const known = ROOMS.find((r) => r.id === room)
  let decoded: string | null = null
  try { decoded = of === '' ? null : decodeURIComponent(of) } catch { /* not our link */ }
  return { room: known?.id ?? 'watch', of: known ? decoded : null, part: known ? part : '' }
}

export const place = signal<Place>(read())
window.addEventListener('hashchange', () => { place.value = read() })

export const link = (room: RoomId, of?: string | null, part = '') => `#/${room}${of ? `/${encodeURIComponent(of)}${part === '' ? '' : `/${part}`}` : ''}`
export const go = (room: RoomId, of?: string | null) => { window.location.hash = link(room, of) }

/** The event that is looked at: the one in the address, else the one that somebody chose; `null` lets the page choose. */
export const chosen_event = signal<string | null>(null)
/** The station that is looked at. */
export const chosen_station = signal<string | null>(null)
