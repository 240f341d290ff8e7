// The map that MapLibre draws. Nothing here knows the hub: it takes features, marks and pictures, and hands only what changed to the map.

import { Map as GlMap, ScaleControl, setWorkerUrl, type GeoJSONSource, type ImageSource, type LayerSpecification } from 'maplibre-gl'
import worker from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import type { FeatureCollection, Geometry } from 'geojson'
import type { Level } from '../api'
import { base, graticule } from './base'
import { changes, feature, type Mark } from './changes'
import { unwrap, type Box } from './geo'
import type { Picture } from './heights'
import { ALL_SIGNS, hatch_image, sign_image } from './icons'
import { group_of, layers, style, type Group, type SourceId } from './style'

setWorkerUrl(new URL(worker, document.baseURI).href)

/** Closer than this the fine coasts are fetched. */
const FINE_ZOOM = 5.5
const HEIGHT_LAYERS = ['heights-0', 'heights-1'] as const
const RATIO = 2

export interface Look { night: boolean; scale: number }

export class MapDrawing {
  readonly map: GlMap
  private ready = false
  private waiting = new Map<string, () => void>()
  private shown_marks: ReadonlyMap<string, Mark> = new Map()
  private shown = new Map<SourceId, FeatureCollection | Geometry>()
  private hidden = new Set<Group>()
  private fine = false
  private chosen = ''

  /** Throws where WebGL is missing. */
  constructor(holder: HTMLElement, private look: Look, private failed: (why: string) => void) {
    this.map = new GlMap({
      container: holder, style: style(look.night, look.scale), attributionControl: false, center: [0, 0], zoom: 1, minZoom: 0.5, maxZoom: 16,
      dragRotate: false, pitchWithRotate: false, touchPitch: false, renderWorldCopies: true, fadeDuration: 0, maxPitch: 0,
    })
    this.map.touchZoomRotate.disableRotation()
    this.map.keyboard.disableRotation()
    this.map.addControl(new ScaleControl({ unit: 'metric', maxWidth: 120 }), 'bottom-right')
    this.map.on('style.load', () => this.begin())
    this.map.on('error', ({ error }) => console.warn('map:', error))
    this.map.on('zoomend', () => { if (this.map.getZoom() > FINE_ZOOM) this.refine() })
  }

  private begin() {
    this.images()
    this.ready = true
    this.set('graticule', graticule())
    this.ground('coarse')
    for (const todo of this.waiting.values()) todo()
    this.waiting.clear()
  }

  /** Does it now, or once the map has begun; a later call by the same name replaces an earlier one. */
  private once(name: string, todo: () => void) {
    if (this.ready) todo(); else this.waiting.set(name, todo)
  }

  private ground(detail: 'coarse' | 'fine') {
    base(detail).then((ground) => {
      if (detail === 'coarse' && this.fine) return
      this.set('land', ground.land)
      this.set('coasts', ground.coasts)
      this.set('borders', ground.borders)
    }, (error: unknown) => {
      if (detail === 'fine') this.fine = false
      this.failed('The coasts could not be loaded; everything else is shown.')
      console.warn('no coasts:', error)
    })
  }

  private refine() {
    if (this.fine) return
    this.fine = true
    this.ground('fine')
  }

  /** Replaces what a source holds; nothing happens when it is the same object. */
  set(id: SourceId, data: FeatureCollection | Geometry) {
    this.once(id, () => {
      if (this.shown.get(id) === data) return
      const before = this.shown.get(id)
      this.shown.set(id, data)
      // Two empty collections are alike.
      if (before && 'features' in before && 'features' in data && before.features.length === 0 && data.features.length === 0) return
      void this.map.getSource<GeoJSONSource>(id)?.setData(data)
    })
  }

  marks(next: ReadonlyMap<string, Mark>) {
    this.once('marks', () => {
      const source = this.map.getSource<GeoJSONSource>('stations')
      const diff = changes(this.shown_marks, next)
      if (!source || !diff) return
      const first = this.shown_marks.size === 0
      this.shown_marks = next
      void (first ? source.setData({ type: 'FeatureCollection', features: [...next.values()].map(feature) }) : source.updateData(diff as never))
    })
  }

  heights(pictures: readonly Picture[]) {
    this.once('heights', () => HEIGHT_LAYERS.forEach((id, i) => {
      const picture = pictures[i]
      if (this.map.getLayer(id)) this.map.removeLayer(id)
      if (this.map.getSource(id)) this.map.removeSource(id)
      if (!picture) return
      const { west, east, north, south } = picture
      this.map.addSource(id, { type: 'image', coordinates: [[west, north], [east, north], [east, south], [west, south]] } as never)
      this.map.getSource<ImageSource>(id)?.updateImage({ image: new ImageData(picture.pixels, picture.width, picture.height) })
      this.map.addLayer({ id, type: 'raster', source: id, metadata: { group: 'heights' }, layout: { visibility: this.hidden.has('heights') ? 'none' : 'visible' }, paint: { 'raster-opacity': 0.8, 'raster-fade-duration': 0 } }, 'land')
    }))
  }

  hide(groups: ReadonlySet<Group>) {
    this.hidden = new Set(groups)
    this.once('hide', () => {
      for (const layer of this.map.getStyle().layers) {
        const group = group_of(layer)
        if (group) this.map.setLayoutProperty(layer.id, 'visibility', this.hidden.has(group) ? 'none' : 'visible')
      }
    })
  }

  choose(station: string | null) {
    this.once('choose', () => {
      if (this.chosen === (station ?? '')) return
      this.chosen = station ?? ''
      this.map.setFilter('chosen', ['==', ['get', 'id'], this.chosen])
    })
  }

  /** By day or night, on a desk or a wall. */
  dress(look: Look) {
    if (look.night === this.look.night && look.scale === this.look.scale) return
    this.look = look
    this.once('dress', () => {
      this.images()
      for (const layer of layers(look.night, look.scale)) this.redress(layer)
    })
  }

  private redress(layer: LayerSpecification) {
    for (const [name, value] of Object.entries(layer.paint ?? {})) this.map.setPaintProperty(layer.id, name as never, value as never)
    for (const name of ['icon-size', 'text-size'] as const) {
      const value = (layer.layout as Record<string, unknown> | undefined)?.[name]
      if (value !== undefined) this.map.setLayoutProperty(layer.id, name, value as never)
    }
  }

  private images() {
    const put = (name: string, image: ImageData, pixelRatio: number) => { if (this.map.hasImage(name)) this.map.updateImage(name, image); else this.map.addImage(name, image, { pixelRatio }) }
    for (const sign of ALL_SIGNS) put(sign, sign_image(sign, this.look.night, RATIO), RATIO)
    for (const level of ['none', 'advisory', 'warning', 'major'] satisfies Level[]) put(`hatch-${level}`, hatch_image(level, this.look.night), RATIO)
  }

  /** Shows a box, whole; east may be past 180. */
  fit(box: Box, calm: boolean, zoom_max = 9) {
    const margin = Math.min(60, this.map.getContainer().clientWidth / 10, this.map.getContainer().clientHeight / 8)
    this.map.fitBounds([[box.west, Math.max(-80, box.south)], [box.east, Math.min(80, box.north)]], { padding: margin, maxZoom: zoom_max, animate: !calm, duration: 600, bearing: 0, pitch: 0 })
  }

  /** The station at a point of the screen, within a finger's width. */
  station_at = (x: number, y: number): string | null => this.nearest(x, y, 12)

  /** The station nearest to a point of the screen, of those that are seen and not farther than `within` pixels. */
  nearest(x: number, y: number, within = Number.POSITIVE_INFINITY): string | null {
    if (!this.ready) return null
    const { clientWidth: width, clientHeight: height } = this.map.getContainer()
    const reach = Math.min(within, Math.max(width, height))
    const found = this.map.queryRenderedFeatures([[x - reach, y - reach], [x + reach, y + reach]], { layers: ['stations'] })
    let best: { id: string; far: number } | null = null
    for (const { properties } of found) {
      const id = String(properties.id)
      const mark = this.shown_marks.get(id)
      if (!mark) continue
      // The world is drawn again on either side: the copy nearest to the middle of the map is meant.
      const at = this.map.project([unwrap(mark.lon, this.map.getCenter().lng), mark.lat])
      const far = Math.hypot(at.x - x, at.y - y)
      if (best === null || far < best.far) best = { id, far }
    }
    return best?.id ?? null
  }

  /** What is seen; east may be past 180. */
  box(): Box {
    const bounds = this.map.getBounds()
    return { west: bounds.getWest(), east: bounds.getEast(), south: bounds.getSouth(), north: bounds.getNorth() }
  }

  /** A copy of the map once all of it has been drawn; `null` when that takes too long. */
  async copy(wait_ms = 5000): Promise<HTMLCanvasElement | null> {
    const waited = <T>(ms: number) => new Promise<T | null>((done) => window.setTimeout(() => done(null), ms))
    const idle = this.ready && this.map.loaded() ? true : await Promise.race([new Promise<boolean>((done) => this.map.once('idle', () => done(true))), waited<boolean>(wait_ms)])
    if (!idle || !this.ready) return null
    // The pixels are there only while the map draws them.
    const copied = new Promise<HTMLCanvasElement | null>((done) => {
      this.map.once('render', () => {
        const from = this.map.getCanvas()
        const copy = document.createElement('canvas')
        copy.width = from.width
        copy.height = from.height
        copy.getContext('2d')?.drawImage(from, 0, 0)
        done(copy)
      })
      this.map.triggerRepaint()
    })
    return Promise.race([copied, waited<HTMLCanvasElement>(wait_ms)])
  }

  dispose() {
    this.map.remove()
  }
}

/** Whether this browser can draw the map at all. */
export function can_draw(): boolean {
  try {
    const canvas = document.createElement('canvas')
    const context = canvas.getContext('webgl2')
    context?.getExtension('WEBGL_lose_context')?.loseContext()
    return context !== null
  } catch {
    return false
  }
}
