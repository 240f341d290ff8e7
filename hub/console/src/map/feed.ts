// Carries what the hub says into a drawing of the map, part by part as it changes.

import { computed, effect, signal } from '@preact/signals'
import { night, size } from '../look'
import { chosen_station } from '../rooms'
import type { MapDrawing } from './drawing'
import { forecast } from './forecast'
import { pictures } from './heights'
import { marks, scene } from './scene'
import type { Group, SourceId } from './style'

/** What somebody has switched off. */
export const hidden = signal<ReadonlySet<Group>>(new Set<Group>())
export const scale = computed(() => ({ desk: 1, large: 1.25, wall: 1.6 })[size.value])

const heights = computed(() => forecast.value?.heights ?? null)
export const height_pictures = computed(() => (heights.value === null || hidden.value.has('heights') ? [] : pictures(heights.value, night.value)))

/** Until what it gives back is called. */
export function feed(drawing: MapDrawing): () => void {
  const stops = [
    ...Object.entries(scene).map(([id, part]) => effect(() => drawing.set(id as SourceId, part.value))),
    effect(() => drawing.dress({ night: night.value, scale: scale.value })),
    effect(() => drawing.marks(marks.value)),
    effect(() => drawing.heights(height_pictures.value)),
    effect(() => drawing.hide(hidden.value)),
    effect(() => drawing.choose(chosen_station.value)),
  ]
  return () => stops.forEach((stop) => stop())
}
