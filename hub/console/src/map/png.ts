// The map as a picture for reports: what the map shows, with title, time and legend, and the mode across it, so that no picture of an exercise
// can pass for the real one.

import { signal } from '@preact/signals'
import { focus } from '../focus'
import { now_us, past, shown } from '../hub'
import { colour, night } from '../look'
import { level_word } from '../level'
import { STATES, STATE_WORD } from '../quality'
import { both } from '../time'
import type { MapDrawing } from './drawing'
import { hidden } from './feed'
import { forecast } from './forecast'
import type { Box } from './geo'
import { height_share, HEIGHT_TICKS_M } from './heights'
import { draw_sign } from './icons'
import { draw_plain, view_of } from './plain'
import { load_ground, plain_scene } from './PlainMap'
import { event_box, home } from './scene'
import { draw_level, draw_scale, draw_stroke } from './Swatch'

/** The map that is on the page now. */
export const drawn = signal<MapDrawing | null>(null)

const [WIDTH, HEIGHT] = [1280, 800]

/** The map as it is on the page, or, where none is open, the event or the deployment as a whole. */
export async function map_png(): Promise<Blob> {
  // A picture without its zones or stations would look calm: what is not drawn in time is drawn plainly, but whole.
  const map = (await drawn.peek()?.copy()) ?? (await plain(drawn.peek()?.box() ?? (focus.peek() ? event_box() : null) ?? home() ?? { west: -179, east: 179, south: -60, north: 60 }))
  const canvas = document.createElement('canvas')
  // On a screen with fine pixels the map's copy is larger than the page; letters grow with it.
  const unit = Math.max(1, map.width / WIDTH)
  const [head, foot] = [Math.round(58 * unit), Math.round(96 * unit)]
  canvas.width = map.width
  canvas.height = map.height + head + foot
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('This browser cannot draw pictures.')
  pen.fillStyle = colour('--card')
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.drawImage(map, 0, head)
  watermark(pen, map.width, map.height, head)
  pen.scale(unit, unit)
  title(pen)
  pen.translate(0, (head + map.height) / unit)
  legend(pen)
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error('The picture could not be made.'))), 'image/png'))
}

export async function save_picture() {
  const url = URL.createObjectURL(await map_png())
  const link = document.createElement('a')
  link.href = url
  link.download = `map-${new Date(now_us.peek() / 1000).toISOString().slice(0, 19).replaceAll(':', '')}Z.png`
  link.click()
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

async function plain(box: Box): Promise<HTMLCanvasElement> {
  await load_ground().catch((error: unknown) => console.warn('no coasts:', error))
  const canvas = document.createElement('canvas')
  canvas.width = WIDTH
  canvas.height = HEIGHT
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('This browser cannot draw pictures.')
  draw_plain(pen, plain_scene.peek(), view_of(box, WIDTH, HEIGHT), WIDTH, HEIGHT)
  return canvas
}

function watermark(pen: CanvasRenderingContext2D, width: number, height: number, top: number) {
  const { mode } = shown.peek()
  if (mode === 'actual') return
  pen.save()
  pen.translate(width / 2, top + height / 2)
  pen.rotate(-0.32)
  pen.font = `800 ${Math.round(width / 7)}px sans-serif`
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.fillStyle = mode === 'exercise' ? 'rgb(190 140 0 / .35)' : 'rgb(23 70 184 / .3)'
  pen.fillText(mode.toUpperCase(), 0, 0)
  pen.restore()
}

function title(pen: CanvasRenderingContext2D) {
  const state = shown.peek()
  const event = focus.peek()
  pen.textBaseline = 'alphabetic'
  pen.textAlign = 'left'
  pen.fillStyle = colour('--ink')
  pen.font = '700 20px sans-serif'
  pen.fillText(`${state.mode === 'actual' ? '' : `${state.mode.toUpperCase()} - `}${state.title}${event ? `: ${event.title}` : ''}`, 14, 26)
  pen.font = '14px sans-serif'
  const revision = event && forecast.peek() ? `, forecast ${forecast.peek()!.revision}` : ''
  pen.fillText(`${both(now_us.peek())}${past.peek() ? ', looked at later' : ''}${revision}. Land: Natural Earth.`, 14, 47)
}

function legend(pen: CanvasRenderingContext2D) {
  const dark = night.peek()
  pen.font = '13px sans-serif'
  pen.textBaseline = 'middle'
  let [x, y] = [14, 22]
  const say = (text: string) => {
    pen.fillStyle = colour('--ink')
    pen.fillText(text, x, y)
    x += pen.measureText(text).width + 20
  }
  const boxed = (width: number, height: number, draw: () => void) => {
    pen.save()
    pen.translate(x, y - height / 2)
    draw()
    pen.restore()
    x += width + 6
  }
  for (const state of STATES) { boxed(18, 0, () => { pen.translate(9, 0); draw_sign(pen, state, 7.5, dark) }); say(STATE_WORD[state]) }
  ;[x, y] = [14, 50]
  for (const level of ['major', 'warning', 'advisory', 'none'] as const) { boxed(24, 16, () => draw_level(pen, level, 24, 16, dark)); say(`${level_word(level)}${level === 'none' ? ' (zone)' : ' forecast'}`) }
  boxed(24, 12, () => draw_stroke(pen, 'warned', 24, 12, dark))
  say('our alert is in force')
  ;[x, y] = [14, 76]
  if (forecast.peek()?.travel) {
    boxed(24, 12, () => draw_stroke(pen, 'front', 24, 12, dark))
    say('first wave at this time')
  }
  if (!forecast.peek()?.heights || hidden.peek().has('heights')) return
  say('Greatest height forecast, m:')
  const left = x
  boxed(200, 12, () => draw_scale(pen, 200, 12, dark))
  pen.fillStyle = colour('--ink')
  pen.textAlign = 'center'
  for (const m of HEIGHT_TICKS_M) pen.fillText(String(m), left + height_share(m) * 200, y + 14)
}
