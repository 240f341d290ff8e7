// The fields of the event in focus: when the wave arrives where, and how high it gets at most. They belong to one revision of the forecast; when
// the forecast is made anew they are asked for again, and what is shown meanwhile says of which revision it is.

import { effect, signal } from '@preact/signals'
import type { Fields, Grid } from '../api'
import { focus } from '../focus'
import { bytes, get, Refused, why } from '../requests'
import { read_grid, type Field } from './grid'
import { index_of, type Index } from './isoline'

const AGAIN_MS = 10_000

export interface Forecast { event: string; revision: number; travel: Index | null; heights: Field | null; note: string }

export const forecast = signal<Forecast | null>(null)

let asked: AbortController | null = null
let asked_for = ''
let timer = 0

/** Asks for the fields when the event or its revision is another. */
effect(() => {
  const event = focus.value
  const [id, revision] = [event?.id ?? null, event?.revision ?? 0]
  const what = id === null ? '' : `${id}/${revision}`
  if (what === asked_for) return
  asked_for = what
  stop()
  if (id === null || forecast.peek()?.event !== id) forecast.value = null
  if (id === null) return
  void ask(id, revision)
})

function stop() {
  asked?.abort()
  asked = null
  window.clearTimeout(timer)
}

async function field(grid: Grid | null, signal: AbortSignal): Promise<Field | null> {
  return grid === null ? null : read_grid(grid, await bytes(grid.url.replace(/^\//, ''), signal))
}

async function ask(event: string, revision: number) {
  stop()
  const mine = new AbortController()
  asked = mine
  const again = () => { timer = window.setTimeout(() => { if (asked === mine) void ask(event, revision) }, AGAIN_MS) }
  try {
    const fields = await get<Fields>(`api/events/${encodeURIComponent(event)}/fields`, mine.signal)
    const [travel, heights] = await Promise.all([field(fields.travel_time, mine.signal), field(fields.max_height, mine.signal)])
    if (asked !== mine) return
    forecast.value = { event, revision: fields.revision, travel: travel && index_of(travel), heights, note: fields.note ?? '' }
    // Still being computed.
    if (travel === null || heights === null || fields.revision < revision) again()
  } catch (error) {
    if (asked !== mine) return
    // A hub that has no fields will not have them in ten seconds either.
    const none = error instanceof Refused && error.status === 404
    forecast.value = { ...(forecast.peek() ?? { event, revision, travel: null, heights: null }), note: none ? 'This hub has no wave field for this event.' : `No wave field: ${why(error)}` }
    if (!none) again()
  }
}
