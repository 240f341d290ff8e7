// What stands where in this deployment: asked for when the page opens, when somebody logs in, when it could not be had, and now and then,
// for roads and shelters may be told anew.

import { effect, signal } from '@preact/signals'
import type { MapView } from '../api'
import { connection } from '../hub'
import { get, why } from '../requests'

const AGAIN_MS = 30_000
const NEW_MS = 300_000

/** `null` until it is known, or where the hub does not tell it. */
export const places = signal<MapView | null>(null)
/** Why it is not known. */
export const places_trouble = signal('')

const list = <T,>(value: T[] | null | undefined): T[] => (Array.isArray(value) ? value : [])

/** As it was told last, so that the map is not made anew for the same. */
let known = ''

async function ask() {
  try {
    const view = await get<MapView>('api/map')
    const text = JSON.stringify(view)
    if (text === known) return
    known = text
    places.value = { ...view, zones: list(view.zones), shelters: list(view.shelters), sirens: list(view.sirens), roads: list(view.roads), extent: view.extent ?? null }
    places_trouble.value = ''
  } catch (error) {
    if (places.peek() !== null) return
    places_trouble.value = `The zones cannot be drawn: ${why(error)}`
    console.warn('no map of the deployment:', error)
    window.setTimeout(() => { if (places.peek() === null && connection.peek() !== 'closed') void ask() }, AGAIN_MS)
  }
}

// Whoever has logged out sees nothing more of it.
effect(() => { if (connection.value === 'closed') { known = ''; places.value = null } })
effect(() => { if (connection.value === 'open' && places.peek() === null) void ask() })
setInterval(() => { if (connection.peek() === 'open' && places.peek() !== null && !document.hidden) void ask() }, NEW_MS)
