import { effect, signal, untracked, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { focus } from '../focus'
import { now_us } from '../hub'
import { useKeys } from '../keys'
import { night } from '../look'
import { chosen_station } from '../rooms'
import type { MapDrawing } from './drawing'
import { feed, scale } from './feed'
import { forecast } from './forecast'
import { place_name } from './geo'
import { LayerSwitches, layers_open } from './LayerSwitches'
import { places, places_trouble } from './places'
import { PlainMap } from './PlainMap'
import { drawn, save_picture } from './png'
import { event_box, home, marks, zone_levels } from './scene'
import { StationCard } from './StationCard'
import './map.css'

/** The map stays with the event until somebody moves it. */
export const follow = signal(true)
const without = signal<string | null>(null)
const trouble = signal('')
const moved = signal(false)
/** Somebody has asked for the plain map: a machine that draws WebGL in software is slow with it. */
const plain_wanted = signal(false)
const loading = signal(true)

const calm = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches

export function MapPanel() {
  const holder = useRef<HTMLDivElement>(null)
  const pointer = useSignal('')
  const saving = useSignal('')
  useEffect(() => {
    if (plain_wanted.value) { loading.value = false; return }
    let gone = false
    let end = () => {}
    void (async () => {
      try {
        const { can_draw, MapDrawing } = await import('./drawing')
        if (gone || !holder.current) return
        if (!can_draw()) { loading.value = false; without.value = 'This browser cannot draw with WebGL.'; return }
        const drawing = new MapDrawing(holder.current, { night: night.peek(), scale: scale.peek() }, (why) => { trouble.value = why })
        end = begin(drawing, (text) => { pointer.value = text })
      } catch (error) {
        console.warn('no map:', error)
        loading.value = false
        without.value = 'The map could not be started in this browser.'
      }
    })()
    return () => { gone = true; end() }
  }, [plain_wanted.value])
  const flat = plain_wanted.value ? 'You have asked for the plain map.' : without.value
  const go_home = () => { follow.value = false; moved.value = false; show_home(true) }
  const toggle_follow = () => { follow.value = !follow.value }
  const zoom = (by: 1 | -1) => { const map = drawn.peek()?.map; if (by > 0) map?.zoomIn(); else map?.zoomOut() }
  const save = async () => {
    saving.value = 'Drawing the picture ...'
    try { await save_picture(); saving.value = '' } catch (error) { saving.value = `No picture: ${error instanceof Error ? error.message : String(error)}` }
  }
  useKeys([
    { key: '+', what: 'Map: zooms in', act: () => zoom(1) }, { key: '-', what: 'Map: zooms out', act: () => zoom(-1) },
    { key: 'f', what: 'Map: follows the event, or stops', act: toggle_follow }, { key: 'm', what: 'Map: layers', act: () => { layers_open.value = !layers_open.value } },
  ])
  const notes = [loading.value ? 'The map is being drawn ...' : '', places_trouble.value, trouble.value, field_note(), saving.value].filter((n) => n !== '')
  return (
    <section class="map watermark" aria-label="Map of stations and zones">
      {flat === null
        ? <div class="map-holder" ref={holder} />
        : <PlainMap why={flat} follow={follow.value} />}
      <div class="map-tools no-print" role="toolbar" aria-label="Map tools">
        {flat === null && <>
          <button type="button" onClick={() => zoom(1)} aria-label="Zoom in" title="Zoom in (+)">+</button>
          <button type="button" onClick={() => zoom(-1)} aria-label="Zoom out" title="Zoom out (-)">−</button>
        </>}
        <button type="button" onClick={go_home} title="The whole deployment">Home</button>
        <button type="button" aria-pressed={follow.value} disabled={focus.value === null} onClick={toggle_follow} title="Keeps source, front and threatened zones in view (f)">Follow event: {follow.value ? 'on' : 'off'}</button>
        <button type="button" aria-expanded={layers_open.value} onClick={() => { layers_open.value = !layers_open.value }} title="What the map shows (m)">Layers</button>
        <button type="button" onClick={() => void save()} title="The map as a PNG file">Save picture</button>
      </div>
      {layers_open.value && <LayerSwitches plain={plain_wanted} />}
      {notes.length > 0 && <div class="map-notes" role="status">{notes.map((note) => <p key={note}>{note}</p>)}</div>}
      <p class="map-at" aria-hidden="true">{pointer.value}<span class="soft"> Land: Natural Earth</span></p>
      <StationCard />
    </section>
  )
}

function field_note(): string {
  const [event, fields] = [focus.value, forecast.value]
  if (!event || !fields) return ''
  if (fields.travel !== null && fields.revision < event.revision) return `Front and heights are of forecast ${fields.revision}; forecast ${event.revision} is being computed.`
  return fields.note
}

function show_home(animated: boolean) {
  const box = home()
  if (box) drawn.peek()?.fit(box, !animated || calm())
}

function begin(drawing: MapDrawing, tell: (text: string) => void): () => void {
  drawn.value = drawing
  const { map } = drawing
  const stop = feed(drawing)
  loading.value = true
  map.once('load', () => { loading.value = false })
  let first = true
  // Follows anew with each forecast, and each few minutes as the front goes on; not with every second, for nobody can read a map that moves.
  const stop_follow = effect(() => {
    const event = focus.value
    const since = event ? Math.floor((now_us.value - event.source.origin_us) / 300e6) : 0
    void [event?.id, event?.revision, since, zone_levels.value, places.value, forecast.value?.travel]
    const on = follow.value && event !== null && (event.over_us === null || moved.value === false)
    untracked(() => {
      const box = on ? event_box() : null
      if (!box) return
      drawing.fit(box, first || calm())
      first = false
    })
  })
  // Before anybody has moved the map it shows the deployment, as soon as that is known.
  const stop_home = effect(() => {
    void [places.value, marks.value.size]
    if (!moved.value && !(follow.value && focus.value)) untracked(() => show_home(false))
  })
  const by_hand = (event: { originalEvent?: unknown }) => {
    if (!event.originalEvent) return
    moved.value = true
    follow.value = false
  }
  map.on('movestart', by_hand)
  map.on('mousemove', ({ lngLat }) => tell(place_name(lngLat.lat, lngLat.lng)))
  map.on('mouseout', () => tell(''))
  map.on('click', ({ point }) => { chosen_station.value = drawing.station_at(point.x, point.y) })
  // Enter takes the station nearest to the middle of the map.
  map.getCanvas().addEventListener('keydown', (event) => {
    if (event.key === 'Escape') chosen_station.value = null
    if (event.key !== 'Enter') return
    const { clientWidth, clientHeight } = map.getContainer()
    chosen_station.value = drawing.nearest(clientWidth / 2, clientHeight / 2)
  })
  return () => {
    stop(); stop_follow(); stop_home()
    if (drawn.peek() === drawing) drawn.value = null
    drawing.dispose()
  }
}
