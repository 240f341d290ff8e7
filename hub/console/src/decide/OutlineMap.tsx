import { signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import land_url from 'world-atlas/land-50m.json?url'
import { bytes } from '../requests'
import { area_path, frame, land_path, names, type Area } from './outline'

type Ring = [number, number][]
const land = signal<Ring[] | null>(null)
let asked = false

/** Fetches the world's land once; without it the areas are drawn all the same. */
async function ask_for_land() {
  if (asked) return
  asked = true
  try {
    const world = JSON.parse(new TextDecoder().decode(await bytes(land_url))) as Topology<{ land: GeometryCollection }>
    const all = feature(world, world.objects.land)
    land.value = all.features.flatMap((f) => (f.geometry.type === 'MultiPolygon' ? f.geometry.coordinates.flat() : f.geometry.type === 'Polygon' ? f.geometry.coordinates : [])) as Ring[]
  } catch (error) {
    asked = false
    console.warn('no land on the small map:', error)
  }
}

/** Areas on a small map. Their names stand beside it as a list: the map is for the eye only. `chosen` marks some; `pick` is told which was clicked. */
export function OutlineMap({ areas, chosen, pick }: { areas: readonly Area[]; chosen?: ReadonlySet<string>; pick?: (name: string) => void }) {
  useEffect(() => { void ask_for_land() }, [])
  const shape = areas.map((a) => `${a.name} ${a.polygon.flat().length}`).join('|')
  const drawn = useMemo(() => {
    const f = frame(areas)
    return f && { f, land: land.value ? land_path(f, land.value) : '', areas: areas.map((a) => ({ name: a.name, d: area_path(f, a) })), names: names(f, areas) }
  }, [shape, land.value])
  if (!drawn) return <p class="empty">No area of this message has an outline.</p>
  return (
    <div class="outline-map">
      <svg viewBox={`0 0 ${drawn.f.width} ${drawn.f.height}`} aria-hidden="true">
        <rect class="outline-water" width={drawn.f.width} height={drawn.f.height} />
        <path class="outline-land" fill-rule="evenodd" d={drawn.land} />
        {drawn.areas.map((a) => (
          <path key={a.name} class={`outline-area${!chosen || chosen.has(a.name) ? ' on' : ''}${pick ? ' pick' : ''}`} d={a.d} onClick={pick && (() => pick(a.name))}><title>{a.name}</title></path>
        ))}
        {drawn.names.map((n) => <text key={n.text} x={n.x} y={n.y} text-anchor={n.anchor}>{n.text}</text>)}
      </svg>
    </div>
  )
}
