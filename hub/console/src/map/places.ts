// What stands where in this deployment: asked for once, and again when somebody logs in or it could not be had.

import { effect, signal } from '@preact/signals'
import type { MapView } from '../api'
import { connection } from '../hub'
import { get, why } from '../requests'

const AGAIN_MS = 30_000

/** `null` until it is known, or where the hub does not tell it. */
export const places = signal<MapView | null>(null)
/** Why it is not known. */
export const places_trouble = signal('')

const list = <T,>(value: T[] | null | undefined): T[] => (Array.isArray(value) ? value : [])

async function ask() {
  try {
    const view = await get<MapView>('api/map')
    places.value = { ...view, zones: list(view.zones), shelters: list(view.shelters), sirens: list(view.sirens), roads: list(view.roads), extent: view.extent ?? null }
    places_trouble.value = ''
  } catch (error) {
    places_trouble.value = `The zones cannot be drawn: ${why(error)}`
    console.warn('no map of the deployment:', error)
    window.setTimeout(() => { if (places.peek() === null && connection.peek() !== 'closed') void ask() }, AGAIN_MS)
  }
}

effect(() => { if (connection.value === 'open' && places.peek() === null) void ask() })
