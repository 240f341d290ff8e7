// All that is known of one event of the past, from wherever the hub still has it.

import type { EventDetail, EventView, History, State } from '../api'
import { present, present_us } from '../hub'
import { usePolled } from '../poll'

/** An event that is on is asked for again. */
const ON_MS = 30_000
/** The state after the end, when the cancellation is out. */
const AFTER_US = 2 * 60e6

export interface Story {
  id: string
  title: string
  event: EventView | null
  detail: EventDetail | null
  /** The state when it was over, or now. */
  end: State | null
  end_us: number
  began_us: number
  over_us: number | null
  /** Whether it is known if the event is over. */
  dated: boolean
  /** What could not be had. */
  lacks: string[]
  loading: boolean
}

export function useStory(id: string | null, history: History | null): Story | null {
  const entry = history?.events.find((e) => e.id === id) ?? null
  const live = present.value.events.find((e) => e.id === id) ?? null
  const over_us = entry?.over_us ?? live?.over_us ?? null
  const on = (entry !== null || live !== null) && over_us === null
  const detail = usePolled<EventDetail>(id === null ? null : `api/events/${encodeURIComponent(id)}`, on ? ON_MS : 0)
  const end_us = over_us === null ? (history?.to_us ?? present_us.value) : Math.min(over_us + AFTER_US, history?.to_us ?? Infinity)
  // An event that is on has no end; its state is asked for by the minute.
  const asked_us = over_us === null ? Math.floor(end_us / 60e6) * 60e6 : Math.floor(end_us)
  const state = usePolled<State>(id === null || asked_us <= 0 ? null : `api/history/at?time_us=${asked_us}`, 0, id)
  if (id === null) return null
  // Without the record of then, what the board has now of this event still counts.
  const messages = present.value.alerts.filter((a) => a.event === id)
  const now: State | null = live !== null || messages.length > 0 ? { ...present.value, now_us: present_us.value, stations: [...present.value.stations.values()], subscribers: [] } : null
  const end = state.data ?? (state.error !== '' ? now : null)
  const event = detail.data?.event ?? live ?? end?.events?.find((e) => e.id === id) ?? null
  const lacks: string[] = []
  if (detail.error !== '') lacks.push(detail.absent ? 'The hub has no revisions of this forecast (any more, or it is older): at most the last one can be compared.' : `The forecasts cannot be read: ${detail.error}`)
  if (state.error !== '') lacks.push(now ? `The state at the end cannot be read (${state.error}); messages and timeline are those that the hub shows now.` : `The state at the end cannot be read: ${state.error}`)
  return {
    id, title: event?.title ?? entry?.title ?? messages[0]?.headline ?? id, dated: event !== null || entry !== null, event, detail: detail.data, end, end_us: asked_us, began_us: event?.began_us ?? entry?.began_us ?? messages[0]?.sent_us ?? 0, over_us: event?.over_us ?? over_us,
    lacks, loading: (detail.data === null && detail.error === '') || (state.data === null && state.error === ''),
  }
}
