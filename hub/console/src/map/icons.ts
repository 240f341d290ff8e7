// The map's signs, drawn in a canvas: for the map itself, for its legend and for its picture. Each state has a shape of its own besides its
// colour; each has a rim of the ground's colour, so that it stands out on land, water and fields alike.

import type { Level, StationState } from '../api'
import { colour } from '../look'
import { STATES } from '../quality'

export const SPEEDS = ['speed-0', 'speed-1', 'speed-2', 'speed-3'] as const
export const SIGNS = ['epicentre', 'waves', 'shelter', 'siren', 'siren-sounding', 'siren-failed', 'siren-unknown'] as const
export type Sign = StationState | (typeof SPEEDS)[number] | (typeof SIGNS)[number]
export const ALL_SIGNS: readonly Sign[] = [...STATES, ...SPEEDS, ...SIGNS]

type Pen = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D

/** Colours of slow to free traffic: dark to light blue and not red to green, which many cannot tell apart. By night the order of lightness turns. */
const SPEED_DAY = ['#7a1fa2', '#b3446c', '#3d7edb', '#8ec5e8'] as const
const SPEED_NIGHT = ['#ff8ae2', '#d071c8', '#5c8fe0', '#3f5f8a'] as const
export const speed_colour = (n: number, night: boolean) => (night ? SPEED_NIGHT : SPEED_DAY)[Math.max(0, Math.min(3, n))]!

const closed = (pen: Pen, points: readonly (readonly [number, number])[]) => {
  pen.beginPath()
  points.forEach(([x, y], i) => (i === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)))
  pen.closePath()
}
const disc = (pen: Pen, r: number) => { pen.beginPath(); pen.arc(0, 0, r, 0, 2 * Math.PI) }
const star = (outer: number, inner: number, points = 5) =>
  Array.from({ length: 2 * points }, (_, i) => {
    const [r, a] = [i % 2 === 0 ? outer : inner, (i * Math.PI) / points - Math.PI / 2]
    return [r * Math.cos(a), r * Math.sin(a)] as const
  })

function letter(pen: Pen, text: string, size: number, fill: string) {
  pen.font = `700 ${size}px sans-serif`
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.fillStyle = fill
  pen.fillText(text, 0, size * 0.06)
}

/** Draws a sign around the pen's origin; `r` is about its radius in pixels. */
export function draw_sign(pen: Pen, sign: Sign, r: number, night: boolean) {
  const rim = colour('--card')
  const ink = colour('--ink')
  pen.lineJoin = 'round'
  const body = (fill: string, width = r * 0.3) => {
    pen.lineWidth = width * 2
    pen.strokeStyle = rim
    pen.stroke()
    pen.fillStyle = fill
    pen.fill()
  }
  switch (sign) {
    case 'good': disc(pen, r * 0.6); return body(colour('--good'))
    case 'late': closed(pen, [[0, -r * 0.85], [r * 0.85, r * 0.7], [-r * 0.85, r * 0.7]]); return body(colour('--late'))
    case 'fault': closed(pen, [[-r * 0.68, -r * 0.68], [r * 0.68, -r * 0.68], [r * 0.68, r * 0.68], [-r * 0.68, r * 0.68]]); return body(colour('--fault'))
    case 'unknown':
      disc(pen, r * 0.75)
      body(rim, r * 0.25)
      pen.lineWidth = r * 0.24
      pen.strokeStyle = colour('--unknown')
      pen.stroke()
      return letter(pen, '?', r * 1.15, colour('--unknown'))
    case 'finding':
      closed(pen, star(r * 1.25, r * 0.55))
      body(colour('--finding'))
      pen.lineWidth = r * 0.14
      pen.strokeStyle = ink
      return pen.stroke()
    case 'epicentre':
      closed(pen, star(r * 1.3, r * 0.75, 8))
      body('#d4145a')
      disc(pen, r * 0.4)
      pen.fillStyle = '#fff'
      return pen.fill()
    case 'waves': closed(pen, [[0, -r], [r, 0], [0, r], [-r, 0]]); body('#d4145a'); return letter(pen, '~', r * 1.5, '#fff')
    case 'shelter':
      closed(pen, [[0, -r * 0.95], [r, -r * 0.1], [r * 0.7, -r * 0.1], [r * 0.7, r * 0.8], [-r * 0.7, r * 0.8], [-r * 0.7, -r * 0.1], [-r, -r * 0.1]])
      return body(night ? '#5ad1c8' : '#00626a')
    case 'siren': case 'siren-sounding': case 'siren-failed': case 'siren-unknown': return siren(pen, sign, r, body, ink)
    default: return speed(pen, SPEEDS.indexOf(sign), r, body, night)
  }
}

function siren(pen: Pen, sign: Sign, r: number, body: (fill: string) => void, ink: string) {
  closed(pen, [[-r * 0.8, -r * 0.25], [-r * 0.3, -r * 0.25], [r * 0.35, -r * 0.8], [r * 0.35, r * 0.8], [-r * 0.3, r * 0.25], [-r * 0.8, r * 0.25]])
  body(sign === 'siren-failed' ? colour('--fault') : sign === 'siren-sounding' ? colour('--finding') : colour('--soft'))
  pen.lineWidth = r * 0.22
  pen.strokeStyle = ink
  pen.beginPath()
  if (sign === 'siren-sounding') for (const a of [0.7, 1.1]) { pen.moveTo(r * (0.3 + a * 0.4), -r * a * 0.6); pen.quadraticCurveTo(r * (0.6 + a * 0.4), 0, r * (0.3 + a * 0.4), r * a * 0.6) }
  if (sign === 'siren-failed') { pen.moveTo(-r, -r); pen.lineTo(r, r); pen.moveTo(r, -r); pen.lineTo(-r, r) }
  pen.stroke()
  if (sign === 'siren-unknown') { pen.save(); pen.translate(r * 0.85, 0); letter(pen, '?', r * 1.3, ink); pen.restore() }
}

/** As many bars as the road is free. */
function speed(pen: Pen, n: number, r: number, body: (fill: string) => void, night: boolean) {
  pen.beginPath()
  pen.roundRect(-r * 0.95, -r * 0.75, r * 1.9, r * 1.5, r * 0.3)
  body(speed_colour(n, night))
  pen.fillStyle = n < 2 !== night ? '#fff' : '#111'
  for (let i = 0; i <= n; i++) pen.fillRect(-r * 0.68 + i * r * 0.36, r * (0.3 - i * 0.22), r * 0.24, r * (0.2 + i * 0.22))
}

/** A sign as an image for the map; `ratio` is how many pixels make one of the page's. */
export function sign_image(sign: Sign, night: boolean, ratio: number): ImageData {
  const [side, r] = [28 * ratio, 8 * ratio]
  return on_canvas(side, (pen) => {
    pen.translate(side / 2, side / 2)
    draw_sign(pen, sign, r, night)
  })
}

/** Hatching tells levels apart without their colour: none for no danger, lines one way, the other way, both ways. */
export function hatch_image(level: Level, night: boolean): ImageData {
  const side = 16
  return on_canvas(side, (pen) => hatch(pen, level, side, night))
}

export function hatch(pen: Pen, level: Level, side: number, night: boolean) {
  pen.strokeStyle = night ? 'rgb(255 255 255 / .75)' : 'rgb(20 10 0 / .7)'
  pen.fillStyle = pen.strokeStyle
  pen.lineWidth = side / 10
  const line = (x0: number, y0: number, x1: number, y1: number) => { pen.beginPath(); pen.moveTo(x0, y0); pen.lineTo(x1, y1); pen.stroke() }
  if (level === 'advisory') for (const [x, y] of [[0.25, 0.25], [0.75, 0.75]] as const) { pen.beginPath(); pen.arc(x * side, y * side, side / 9, 0, 7); pen.fill() }
  if (level === 'warning' || level === 'major') for (const o of [-side, 0, side]) line(o - 1, side + 1, o + side + 1, -1)
  if (level === 'major') for (const o of [-side, 0, side]) line(o - 1, -1, o + side + 1, side + 1)
}

function on_canvas(side: number, draw: (pen: CanvasRenderingContext2D) => void): ImageData {
  const canvas = document.createElement('canvas')
  canvas.width = side
  canvas.height = side
  const pen = canvas.getContext('2d')
  if (!pen) return new ImageData(side, side)
  draw(pen)
  return pen.getImageData(0, 0, side, side)
}
