import { useEffect, useRef } from 'preact/hooks'
import type { Level } from '../api'
import { colour, night } from '../look'
import { scale_colour } from './heights'
import { draw_sign, hatch, type Sign } from './icons'

const RATIO = 2

/** A small canvas drawn by the same pen as the map. */
function Drawn({ width, height, draw, on }: { width: number; height: number; draw: (pen: CanvasRenderingContext2D) => void; on: unknown }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const dark = night.value
  useEffect(() => {
    const pen = canvas.current?.getContext('2d')
    if (!pen) return
    pen.setTransform(RATIO, 0, 0, RATIO, 0, 0)
    pen.clearRect(0, 0, width, height)
    draw(pen)
  }, [dark, on])
  return <canvas ref={canvas} class="swatch" width={width * RATIO} height={height * RATIO} style={{ width: `${width}px`, height: `${height}px` }} aria-hidden="true" />
}

export const SignSwatch = ({ sign }: { sign: Sign }) =>
  <Drawn width={22} height={22} on={sign} draw={(pen) => { pen.translate(11, 11); draw_sign(pen, sign, 7.5, night.peek()) }} />

export function draw_level(pen: CanvasRenderingContext2D, level: Level, width: number, height: number, dark: boolean) {
  pen.fillStyle = colour(`--fill-${level}`)
  pen.fillRect(0, 0, width, height)
  pen.save()
  pen.beginPath()
  pen.rect(0, 0, width, height)
  pen.clip()
  for (let x = 0; x < width; x += 8) for (let y = 0; y < height; y += 8) { pen.save(); pen.translate(x, y); hatch(pen, level, 8, dark); pen.restore() }
  pen.restore()
  pen.strokeStyle = colour(level === 'none' ? '--soft' : `--level-${level}`)
  pen.lineWidth = 1.5
  pen.strokeRect(0.75, 0.75, width - 1.5, height - 1.5)
}

export const LevelSwatch = ({ level }: { level: Level }) => <Drawn width={24} height={16} on={level} draw={(pen) => draw_level(pen, level, 24, 16, night.peek())} />

export type Stroke = 'front' | 'isochrone' | 'other' | 'outage' | 'warned'
export function draw_stroke(pen: CanvasRenderingContext2D, stroke: Stroke, width: number, height: number, dark: boolean) {
  const [style, line, dash] = {
    front: [colour('--front'), 4, []], isochrone: [colour('--forecast'), 1.3, []], other: [dark ? '#c3a6ff' : '#5b2fb5', 2, [6, 3]],
    outage: [colour('--ink'), 1.6, [2, 3]], warned: [colour('--level-warning'), 3.5, []],
  }[stroke] as [string, number, number[]]
  pen.strokeStyle = style
  pen.lineWidth = line
  pen.setLineDash(dash)
  pen.beginPath()
  pen.moveTo(0, height / 2)
  pen.lineTo(width, height / 2)
  pen.stroke()
  pen.setLineDash([])
}
export const StrokeSwatch = ({ stroke }: { stroke: Stroke }) => <Drawn width={24} height={12} on={stroke} draw={(pen) => draw_stroke(pen, stroke, 24, 12, night.peek())} />

export function draw_scale(pen: CanvasRenderingContext2D, width: number, height: number, dark: boolean) {
  for (let x = 0; x < width; x++) {
    const share = x / (width - 1)
    const [r, g, b] = scale_colour(share, dark)
    pen.fillStyle = `rgb(${r} ${g} ${b} / ${Math.min(1, 0.25 + share * 2)})`
    pen.fillRect(x, 0, 1.5, height)
  }
}
export const ScaleSwatch = ({ width }: { width: number }) => <Drawn width={width} height={12} on={width} draw={(pen) => draw_scale(pen, width, 12, night.peek())} />
