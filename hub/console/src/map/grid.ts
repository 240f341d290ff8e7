// A field of the forecast as the hub sends it, read into numbers.

import type { Grid } from '../api'

/** Rows from the north, cells from the west; `NaN` is land or never reached. A cell's centre is half a step inside its corner. */
export interface Field { west: number; north: number; step: number; columns: number; rows: number; unit: Grid['unit']; values: Float32Array }

/** 0.1 degrees over the whole earth are 6.5 million cells. */
const CELLS_MAX = 16_000_000
const NOTHING = 65535

const whole = (n: number) => Number.isInteger(n) && n > 1

/** Reads the numbers of a grid. Throws with a sentence when they are not what the grid says. */
export function read_grid(grid: Grid, data: ArrayBuffer): Field {
  const { west, north, step_deg: step, columns, rows, unit, scale } = grid
  if (!whole(columns) || !whole(rows) || columns * rows > CELLS_MAX) throw new Error(`The field has ${columns} x ${rows} cells: cannot be drawn.`)
  if (!(step > 0) || !(scale > 0) || !Number.isFinite(west) || Math.abs(west) > 360 || !(Math.abs(north) <= 90.5) || columns * step > 360.001) throw new Error('The field does not say where it lies.')
  if (data.byteLength !== columns * rows * 2) throw new Error(`The field has ${data.byteLength} bytes, ${columns * rows * 2} were announced.`)
  const view = new DataView(data)
  const values = new Float32Array(columns * rows)
  for (let i = 0; i < values.length; i++) {
    const raw = view.getUint16(i * 2, true)
    values[i] = raw === NOTHING ? Number.NaN : raw * scale
  }
  return { west, north, step, columns, rows, unit, values }
}

/** Longitude of a column's centre; may be past 180. */
export const lon_at = (field: Field, column: number) => field.west + (column + 0.5) * field.step
/** Latitude of a row's centre. */
export const lat_at = (field: Field, row: number) => field.north - (row + 0.5) * field.step
