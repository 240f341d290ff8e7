// Lines of equal value through a field with holes. Marching squares over cell centres; squares with a corner on land are left out, so that a
// coast is never drawn as a wave front (d3-contour closes its rings along holes). An index of the least and greatest value of each
// block makes a line through a million cells cost a few thousand of them, which is what lets the front be drawn anew each second.

import type { Position } from 'geojson'
import { lat_at, lon_at, type Field } from './grid'

const BLOCK = 32

export interface Index { field: Field; across: number; least: Float32Array; most: Float32Array; range: [number, number] | null }

/** Least and greatest value of each block of squares; made once for a field. */
export function index_of(field: Field): Index {
  const across = Math.ceil(field.columns / BLOCK)
  const down = Math.ceil(field.rows / BLOCK)
  const least = new Float32Array(across * down).fill(Number.POSITIVE_INFINITY)
  const most = new Float32Array(across * down).fill(Number.NEGATIVE_INFINITY)
  let range: [number, number] | null = null
  for (let r = 0; r < field.rows; r++) for (let c = 0; c < field.columns; c++) {
    const v = field.values[r * field.columns + c]!
    if (Number.isNaN(v)) continue
    range ??= [v, v]
    if (v < range[0]) range[0] = v
    if (v > range[1]) range[1] = v
    // A square reaches to the next row and column, so a value on a block's first ones belongs to the blocks before too.
    const [br, bc] = [Math.floor(r / BLOCK), Math.floor(c / BLOCK)]
    for (let i = r % BLOCK === 0 && br > 0 ? br - 1 : br; i <= br; i++) for (let j = c % BLOCK === 0 && bc > 0 ? bc - 1 : bc; j <= bc; j++) {
      const b = i * across + j
      if (v < least[b]!) least[b] = v
      if (v > most[b]!) most[b] = v
    }
  }
  return { field, across, least, most, range }
}

// Sides of a square: 0 north, 1 east, 2 south, 3 west. For each pattern of corners (1 north-west, 2 north-east, 4 south-east, 8 south-west
// at or above the level) the sides that the line joins.
const SIDES: readonly (readonly (readonly [number, number])[])[] = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 0], [1, 2]], [[0, 2]], [[3, 2]],
  [[2, 3]], [[2, 0]], [[0, 1], [2, 3]], [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], [],
]

/** The lines where the field has the value `level`, as GeoJSON positions with longitudes that go on past 180. */
export function isolines(index: Index, level: number): Position[][] {
  const { field, across, least, most } = index
  const segments: [number, number][] = []
  for (let b = 0; b < least.length; b++) {
    if (!(least[b]! < level && most[b]! >= level)) continue
    const [r0, c0] = [Math.floor(b / across) * BLOCK, (b % across) * BLOCK]
    for (let r = r0; r < Math.min(r0 + BLOCK, field.rows - 1); r++) for (let c = c0; c < Math.min(c0 + BLOCK, field.columns - 1); c++) square(field, r, c, level, segments)
  }
  return joined(segments).map((line) => line.map((side) => crossing(field, side, level)))
}

// A side is named by the cell at its west or north end: even numbers go east from it, odd ones go south.
const side_name = (columns: number, r: number, c: number, side: number) =>
  side === 0 ? 2 * (r * columns + c) : side === 1 ? 2 * (r * columns + c + 1) + 1 : side === 2 ? 2 * ((r + 1) * columns + c) : 2 * (r * columns + c) + 1

function square(field: Field, r: number, c: number, level: number, segments: [number, number][]) {
  const at = r * field.columns + c
  const v = field.values
  const [nw, ne, se, sw] = [v[at]!, v[at + 1]!, v[at + field.columns + 1]!, v[at + field.columns]!]
  const sum = nw + ne + se + sw
  if (Number.isNaN(sum)) return
  let pattern = (nw >= level ? 1 : 0) | (ne >= level ? 2 : 0) | (se >= level ? 4 : 0) | (sw >= level ? 8 : 0)
  // A saddle is joined the way its middle says.
  let sides = SIDES[pattern]!
  if ((pattern === 5 || pattern === 10) && sum / 4 >= level) { pattern = 15 - pattern; sides = SIDES[pattern]! }
  for (const [a, b] of sides) segments.push([side_name(field.columns, r, c, a), side_name(field.columns, r, c, b)])
}

function crossing(field: Field, side: number, level: number): Position {
  const cell = side >> 1
  const [r, c] = [Math.floor(cell / field.columns), cell % field.columns]
  const [r2, c2] = side % 2 === 0 ? [r, c + 1] : [r + 1, c]
  const [a, b] = [field.values[cell]!, field.values[r2 * field.columns + c2]!]
  const t = a === b ? 0.5 : Math.max(0, Math.min(1, (level - a) / (b - a)))
  return [lon_at(field, c + (c2 - c) * t), lat_at(field, r + (r2 - r) * t)]
}

/** Segments that meet on a side, made into lines. */
function joined(segments: readonly [number, number][]): number[][] {
  const at = new Map<number, number[]>()
  segments.forEach(([a, b], i) => {
    for (const side of [a, b]) { const list = at.get(side); if (list) list.push(i); else at.set(side, [i]) }
  })
  const used = new Uint8Array(segments.length)
  const grow = (line: number[]) => {
    for (;;) {
      const end = line.at(-1)!
      const next = at.get(end)?.find((i) => used[i] === 0)
      if (next === undefined) return
      used[next] = 1
      const [a, b] = segments[next]!
      line.push(a === end ? b : a)
    }
  }
  const lines: number[][] = []
  segments.forEach(([a, b], i) => {
    if (used[i] === 1) return
    used[i] = 1
    const line = [a, b]
    grow(line)
    line.reverse()
    grow(line)
    lines.push(line)
  })
  return lines
}
