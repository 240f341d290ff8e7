// The field of greatest heights as pictures for the map: rows moved to Mercator, cut at the date line, coloured by a scale that rises
// evenly in lightness and keeps its order for colour-blind eyes (viridis; van der Walt and Smith, 2015).

import type { Field } from './grid'
import { latitude_at, MERCATOR_LIMIT, mercator_y, normal } from './geo'

const VIRIDIS = [0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725] as const
/** Heights at the ends of the scale, metres; the scale is logarithmic, for a wave shrinks by shares and not by centimetres. */
export const HEIGHT_M = [0.03, 10] as const
/** What the legend marks, metres. */
export const HEIGHT_TICKS_M = [0.1, 0.3, 1, 3, 10] as const

/** Where a height lies on the scale, 0 to 1. */
export const height_share = (m: number) => Math.max(0, Math.min(1, Math.log(m / HEIGHT_M[0]) / Math.log(HEIGHT_M[1] / HEIGHT_M[0])))

/** Red, green and blue of a share of the scale. By day the high end is dark, by night it is light, so that it stands out. */
export function scale_colour(share: number, night: boolean): [number, number, number] {
  const at = (night ? share : 1 - share) * (VIRIDIS.length - 1)
  const i = Math.min(VIRIDIS.length - 2, Math.floor(at))
  const t = at - i
  const [a, b] = [VIRIDIS[i]!, VIRIDIS[i + 1]!]
  const mix = (shift: number) => Math.round(((a >> shift) & 255) * (1 - t) + ((b >> shift) & 255) * t)
  return [mix(16), mix(8), mix(0)]
}

/** A part of the field between two longitudes in [-180, 180]. */
export interface Picture { width: number; height: number; pixels: Uint8ClampedArray<ArrayBuffer>; west: number; east: number; north: number; south: number }

const SIDE_MAX = 2048

/** One picture, or two where the field goes over the date line. */
export function pictures(field: Field, night: boolean): Picture[] {
  const north = Math.min(MERCATOR_LIMIT, field.north)
  const south = Math.max(-MERCATOR_LIMIT, field.north - field.rows * field.step)
  if (!(north > south)) return []
  const rows = mercator_rows(field, north, south)
  return parts(field).map(({ from, to, west }) => paint(field, rows, from, to, { west, east: Math.min(180, west + (to - from) * field.step), north, south }, night))
}

/** Row of the field for each row of the picture. */
export function mercator_rows(field: Field, north: number, south: number): Int32Array {
  const [top, bottom] = [mercator_y(north), mercator_y(south)]
  // As many rows as the finest row of the field asks for: those nearest the equator are the narrowest in Mercator.
  const rows = new Int32Array(Math.max(1, Math.min(SIDE_MAX, Math.ceil((bottom - top) / (field.step / 360)))))
  for (let i = 0; i < rows.length; i++) {
    const lat = latitude_at(top + ((i + 0.5) / rows.length) * (bottom - top))
    rows[i] = Math.max(0, Math.min(field.rows - 1, Math.floor((field.north - lat) / field.step)))
  }
  return rows
}

/** Columns `from` to `to` (not included) whose longitudes lie in one world. */
export function parts(field: Field): { from: number; to: number; west: number }[] {
  const west = normal(field.west)
  const over = west + field.columns * field.step - 180
  const first = over > 1e-9 ? Math.max(1, Math.min(field.columns, Math.round((180 - west) / field.step))) : field.columns
  const whole = [{ from: 0, to: first, west }]
  return first < field.columns ? [...whole, { from: first, to: field.columns, west: -180 + Math.max(0, west + first * field.step - 180) }] : whole
}

function paint(field: Field, rows: Int32Array, from: number, to: number, place: Pick<Picture, 'west' | 'east' | 'north' | 'south'>, night: boolean): Picture {
  const [width, height] = [Math.min(SIDE_MAX, to - from), rows.length]
  const pixels = new Uint8ClampedArray(width * height * 4)
  const table = Array.from({ length: 256 }, (_, i) => scale_colour(i / 255, night))
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    const v = field.values[rows[y]! * field.columns + from + Math.floor(((x + 0.5) * (to - from)) / width)]!
    if (!(v >= HEIGHT_M[0])) continue
    const share = height_share(v)
    const [r, g, b] = table[Math.round(share * 255)]!
    // The lowest heights fade into the water.
    pixels.set([r, g, b, Math.round(255 * Math.min(1, 0.25 + share * 2))], (y * width + x) * 4)
  }
  return { width, height, pixels, ...place }
}
