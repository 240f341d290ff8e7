// Which event the rooms speak of: the one chosen, else the gravest that is on, else the newest.

import { computed } from '@preact/signals'
import type { EventView, Level } from './api'
import { shown } from './hub'
import { chosen_event } from './rooms'

const RANK: Record<Level, number> = { none: 0, advisory: 1, warning: 2, major: 3 }

export const focus = computed<EventView | null>(() => {
  const events = shown.value.events
  const chosen = events.find((e) => e.id === chosen_event.value)
  if (chosen) return chosen
  const on = events.filter((e) => e.over_us === null)
  const gravest = on.reduce<EventView | null>((best, e) => (best === null || RANK[e.level] >= RANK[best.level] ? e : best), null)
  return gravest ?? events.at(-1) ?? null
})
