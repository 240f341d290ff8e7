import { computed, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { focus } from '../focus'
import { night } from '../look'
import { chosen_station } from '../rooms'
import { base, type Base } from './base'
import { height_pictures, hidden } from './feed'
import { unwrap } from './geo'
import { draw_plain, project, view_of, type PlainScene } from './plain'
import { places } from './places'
import { event_box, home, marks, scene, zone_levels } from './scene'

const ground = signal<Base | null>(null)

/** All that a plain map shows, in one. */
export const plain_scene = computed<PlainScene>(() => ({
  base: ground.value, parts: Object.fromEntries(Object.entries(scene).map(([id, part]) => [id, part.value])), marks: marks.value, heights: height_pictures.value,
  hidden: hidden.value, night: night.value, chosen: chosen_station.value,
}))

export async function load_ground() {
  if (ground.peek() === null) ground.value = await base('coarse')
}

/** The map where WebGL is missing: the event or the deployment as a whole, drawn anew each second. */
export function PlainMap({ why, follow }: { why: string; follow: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const current = plain_scene.value
  void [places.value, zone_levels.value, focus.value]
  useEffect(() => { load_ground().catch((error: unknown) => console.warn('no coasts:', error)) }, [])
  const view = (width: number, height: number) => view_of((follow && focus.peek() ? event_box() : null) ?? home() ?? { west: -179, east: 179, south: -60, north: 60 }, width, height)
  useEffect(() => {
    const pen = canvas.current?.getContext('2d')
    if (!canvas.current || !pen) return
    const { clientWidth: width, clientHeight: height } = canvas.current
    const ratio = window.devicePixelRatio
    canvas.current.width = width * ratio
    canvas.current.height = height * ratio
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    draw_plain(pen, current, view(width, height), width, height)
  }, [current, follow])
  const click = (event: MouseEvent) => {
    const box = canvas.current?.getBoundingClientRect()
    if (!box) return
    const at = view(box.width, box.height)
    let best: [string | null, number] = [null, 14]
    for (const mark of marks.peek().values()) {
      const [x, y] = project(at, unwrap(mark.lon, at.centre), mark.lat)
      const far = Math.hypot(x - (event.clientX - box.left), y - (event.clientY - box.top))
      if (far < best[1]) best = [mark.id, far]
    }
    chosen_station.value = best[0]
  }
  return (
    <>
      <canvas class="map-plain" ref={canvas} role="img" aria-label="Map; the tables beside and below it say the same in words" onClick={click as never} />
      <p class="map-plain-why" role="status">{why} A plain map is shown: it cannot be moved, but everything on it is current. The table of stations below says the same in words.</p>
    </>
  )
}
