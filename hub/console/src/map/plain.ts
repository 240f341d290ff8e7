// The same map drawn with a plain canvas, for machines without WebGL and for pictures made there. Slower and without labels for each station,
// but with the same features, signs and colours.

import type { FeatureCollection, Geometry, Position } from 'geojson'
import type { Level } from '../api'
import { colour } from '../look'
import type { Base } from './base'
import type { Mark } from './changes'
import { mercator_y, unwrap, type Box } from './geo'
import type { Picture } from './heights'
import { draw_sign, hatch_image, speed_colour, type Sign } from './icons'
import type { Group, SourceId } from './style'

export interface PlainScene { base: Base | null; parts: Partial<Record<SourceId, FeatureCollection>>; marks: ReadonlyMap<string, Mark>; heights: readonly Picture[]; hidden: ReadonlySet<Group>; night: boolean; chosen: string | null }

/** How places come to points of the canvas. */
export interface View { centre: number; left: number; top: number; /** Pixels for the whole world's width. */ world: number }

/** The view that shows a box whole. */
export function view_of(box: Box, width: number, height: number): View {
  const [top, bottom] = [mercator_y(Math.min(80, box.north)), mercator_y(Math.max(-80, box.south))]
  const [span_x, span_y] = [Math.max(0.002, (box.east - box.west) / 360), Math.max(0.002, bottom - top)]
  const world = Math.min((width * 0.86) / span_x, (height * 0.86) / span_y)
  const centre = (box.west + box.east) / 2
  return { centre, left: width / 2, top: height / 2 - ((top + bottom) / 2) * world, world }
}

export const project = (view: View, lon: number, lat: number): [number, number] => [view.left + ((lon - view.centre) / 360) * view.world, view.top + mercator_y(lat) * view.world]

export function draw_plain(pen: CanvasRenderingContext2D, scene: PlainScene, view: View, width: number, height: number) {
  const c = (name: string) => colour(`--${name}`)
  const put = (group: Group | null, id: SourceId, paint: (geometry: Geometry, properties: Record<string, unknown>) => void) => {
    if (group && scene.hidden.has(group)) return
    for (const f of scene.parts[id]?.features ?? []) paint(f.geometry, f.properties ?? {})
  }
  const tool = new Tool(pen, view, width)
  pen.fillStyle = c('water')
  pen.fillRect(0, 0, width, height)
  if (!scene.hidden.has('heights')) for (const picture of scene.heights) tool.picture(picture)
  if (scene.base) pen.drawImage(ground(scene.base, view, width, height, scene.night, pen.getTransform().a), 0, 0, width, height)
  put('isochrones', 'isochrones', (g, p) => tool.stroke(g, c('forecast'), p.major ? 1.3 : 0.6))
  put('zones', 'zones', (g, p) => {
    const level = p.level as Level
    tool.fill(g, c(`fill-${level}`), 0.6)
    if (level !== 'none') tool.fill(g, pattern(pen, level, scene.night))
    tool.stroke(g, c(level === 'none' ? 'soft' : `level-${level}`), p.warned ? 3.5 : 1.2)
  })
  put('outages', 'outages', (g) => tool.stroke(g, c('ink'), 1.6, [2, 3]))
  put('others', 'others', (g) => tool.stroke(g, scene.night ? '#c3a6ff' : '#5b2fb5', 2, [6, 3]))
  put('roads', 'roads', (g, p) => tool.stroke(g, typeof p.class === 'number' && p.class >= 0 ? speed_colour(p.class, scene.night) : c('unknown'), 3.5))
  put('front', 'front', (g) => { tool.stroke(g, c('card'), 7); tool.stroke(g, c('front'), 4) })
  for (const id of ['shelters', 'sirens'] as const) put(id, id, (g, p) => { if (view.world > 60_000) tool.sign(g, id === 'shelters' ? 'shelter' : (p.icon as Sign), 8, scene.night) })
  if (!scene.hidden.has('stations')) {
    for (const mark of [...scene.marks.values()].sort((a, b) => a.order - b.order)) tool.sign({ type: 'Point', coordinates: [mark.lon, mark.lat] }, mark.icon as Sign, 8, scene.night, mark.id === scene.chosen)
  }
  put('source', 'source', (g, p) => {
    if (g.type === 'Point') tool.sign(g, p.icon as Sign, 10, scene.night); else tool.stroke(g, '#d4145a', 1.5, [3, 3])
  })
  const names = new Labels()
  put('zones', 'zone-names', (g, p) => { if (p.level !== 'none') tool.text(g, `${String(p.name)}${String(p.level_name)}${String(p.when)}`, 8, names) })
  put('source', 'source', (g, p) => { if (g.type === 'Point') tool.text(g, String(p.name), 14, names) })
  for (const id of ['others', 'outages'] as const) put(id, id, (g, p) => { if (g.type === 'Point') tool.text(g, String(p.name), 0, names) })
}

let kept: { key: string; base: Base; canvas: HTMLCanvasElement } | null = null

/** Land and coasts on a canvas of their own, kept while the view stands: they are most of the work, and the scene changes each second. */
function ground(base: Base, view: View, width: number, height: number, night: boolean, ratio: number): HTMLCanvasElement {
  const key = [view.centre, view.left, view.top, view.world, width, height, night, ratio].join()
  if (kept?.key === key && kept.base === base) return kept.canvas
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(width * ratio))
  canvas.height = Math.max(1, Math.round(height * ratio))
  const pen = canvas.getContext('2d')
  if (!pen) return canvas
  pen.scale(ratio, ratio)
  const tool = new Tool(pen, view, width)
  for (const f of base.land.features) tool.fill(f.geometry, colour('--land'))
  tool.stroke(base.coasts, colour('--coast'), 1)
  tool.stroke(base.borders, colour('--coast'), 0.5, [3, 3])
  kept = { key, base, canvas }
  return canvas
}

function pattern(pen: CanvasRenderingContext2D, level: Level, night: boolean): CanvasPattern | string {
  const tile = document.createElement('canvas')
  const image = hatch_image(level, night)
  tile.width = image.width
  tile.height = image.height
  tile.getContext('2d')?.putImageData(image, 0, 0)
  return pen.createPattern(tile, 'repeat') ?? 'transparent'
}

/** Places that are taken: no label over another. */
class Labels {
  private taken: [number, number, number, number][] = []
  free(x: number, y: number, w: number, h: number): boolean {
    if (this.taken.some(([a, b, c, d]) => x < a + c && x + w > a && y < b + d && y + h > b)) return false
    this.taken.push([x, y, w, h])
    return true
  }
}

class Tool {
  constructor(private pen: CanvasRenderingContext2D, private view: View, private width: number) {}

  /** Each copy of the world that is seen. */
  private copies(): number[] {
    const half = this.width / this.view.world / 2 + 0.5
    const [from, to] = [Math.ceil((this.view.centre / 360) - half - 0.5), Math.floor((this.view.centre / 360) + half + 0.5)]
    return Array.from({ length: Math.min(5, to - from + 1) }, (_, i) => (from + i) * 360)
  }

  /** Whether any of a line can be in the view, by its longitudes. */
  private seen(line: Position[], shift: number): boolean {
    const half = (this.width / this.view.world) * 180
    let [west, east] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const [lon = 0] of line) { west = Math.min(west, lon); east = Math.max(east, lon) }
    return east + shift >= this.view.centre - half && west + shift <= this.view.centre + half
  }

  private path(lines: Position[][], close: boolean) {
    this.pen.beginPath()
    for (const shift of this.copies()) for (const line of lines) {
      if (!this.seen(line, shift)) continue
      line.forEach(([lon = 0, lat = 0], i) => {
        const [x, y] = project(this.view, lon + shift, lat)
        if (i === 0) this.pen.moveTo(x, y); else this.pen.lineTo(x, y)
      })
      if (close) this.pen.closePath()
    }
  }

  fill(geometry: Geometry, style: string | CanvasPattern, alpha = 1) {
    const rings = geometry.type === 'Polygon' ? geometry.coordinates : geometry.type === 'MultiPolygon' ? geometry.coordinates.flat() : []
    if (rings.length === 0) return
    this.path(rings, true)
    this.pen.globalAlpha = alpha
    this.pen.fillStyle = style
    this.pen.fill('evenodd')
    this.pen.globalAlpha = 1
  }

  stroke(geometry: Geometry, style: string, line: number, dash: number[] = []) {
    const lines = geometry.type === 'MultiLineString' || geometry.type === 'Polygon' ? geometry.coordinates : geometry.type === 'LineString' ? [geometry.coordinates] : geometry.type === 'MultiPolygon' ? geometry.coordinates.flat() : []
    if (lines.length === 0) return
    this.path(lines, false)
    this.pen.strokeStyle = style
    this.pen.lineWidth = line
    this.pen.lineJoin = 'round'
    this.pen.setLineDash(dash)
    this.pen.stroke()
    this.pen.setLineDash([])
  }

  sign(geometry: Geometry, sign: Sign, r: number, night: boolean, chosen = false) {
    if (geometry.type !== 'Point') return
    this.pen.save()
    this.pen.translate(...this.at(geometry.coordinates))
    draw_sign(this.pen, sign, r, night)
    if (chosen) {
      this.pen.beginPath()
      this.pen.arc(0, 0, r * 1.7, 0, 7)
      this.pen.lineWidth = 3
      this.pen.strokeStyle = colour('--link')
      this.pen.stroke()
    }
    this.pen.restore()
  }

  /** The copy of a place that is nearest to the middle. */
  private at([lon = 0, lat = 0]: Position): [number, number] {
    return project(this.view, unwrap(lon, this.view.centre), lat)
  }

  text(geometry: Geometry, text: string, aside: number, labels?: Labels) {
    if (geometry.type !== 'Point') return
    const [x, y] = this.at(geometry.coordinates)
    const lines = text.split('\n')
    this.pen.font = '700 13px sans-serif'
    this.pen.textAlign = 'left'
    this.pen.textBaseline = 'middle'
    const wide = Math.max(...lines.map((line) => this.pen.measureText(line).width))
    if (labels && !labels.free(x + aside, y - lines.length * 8, wide, lines.length * 16)) return
    lines.forEach((line, i) => {
      const at = y + (i - (lines.length - 1) / 2) * 16
      this.pen.lineWidth = 4
      this.pen.strokeStyle = colour('--card')
      this.pen.strokeText(line, x + aside, at)
      this.pen.fillStyle = colour('--ink')
      this.pen.fillText(line, x + aside, at)
    })
  }

  picture({ width, height, pixels, west, east, north, south }: Picture) {
    const tile = document.createElement('canvas')
    tile.width = width
    tile.height = height
    tile.getContext('2d')?.putImageData(new ImageData(pixels, width, height), 0, 0)
    this.pen.globalAlpha = 0.8
    for (const shift of this.copies()) {
      const [[x0, y0], [x1, y1]] = [project(this.view, west + shift, north), project(this.view, east + shift, south)]
      this.pen.drawImage(tile, x0, y0, x1 - x0, y1 - y0)
    }
    this.pen.globalAlpha = 1
  }
}
