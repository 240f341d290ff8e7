// Goes through the past, in whatever room one is: a time that is looked at, played at some speed, and the hub's state of then. States are asked
// for when the hand rests, one request at a time; the clock of a play never runs far from the state that is shown.

import { effect, signal } from '@preact/signals'
import type { State } from '../api'
import { come_back, look_at, past } from '../hub'
import { get, Refused, why } from '../requests'
import type { Moment, Stretch } from './moments'

export const SPEEDS = [1, 10, 60, 600] as const
export type Speed = (typeof SPEEDS)[number]

const REST_MS = 120
const TICK_MS = 100
const KEPT = 40
/** A play asks for a state this often, in seconds of the viewer. */
const STATE_S = 0.6
/** A hub that is busy is asked again after so long. */
const BUSY_MS = 1_500
/** A play waits when what is shown is older than so many such steps. */
const STEPS_AHEAD = 3

/** What is gone through: an event, or the whole record. */
export interface Track extends Stretch { of: string | null; title: string; moments: Moment[]; gaps: Stretch[] }

export const track = signal<Track | null>(null)
/** The time that is asked for; the room shows it as soon as its state has come. */
export const at_us = signal<number | null>(null)
export const speed = signal<Speed>(60)
export const playing = signal(false)
export const waiting = signal(false)
export const trouble = signal('')

const kept = new Map<number, State>()
let asked: { time_us: number; stop: AbortController } | null = null
let resting = 0
let not_before = 0
let shown_us = 0
let timer = 0

const path = (time_us: number) => `api/history/at?time_us=${time_us}`

function keep(time_us: number, state: State) {
  kept.delete(time_us)
  kept.set(time_us, state)
  if (kept.size > KEPT) kept.delete(kept.keys().next().value as number)
}

function show(time_us: number, state: State) {
  shown_us = time_us
  trouble.value = ''
  // The hand or the play may have gone on meanwhile; the clock follows it, the state is the newest that came.
  look_at(playing.value && at_us.value !== null ? at_us.value : time_us, state)
}

async function ask(time_us: number) {
  asked?.stop.abort()
  asked = null
  waiting.value = false
  const known = kept.get(time_us)
  if (known) { show(time_us, known); return }
  const mine = { time_us, stop: new AbortController() }
  asked = mine
  waiting.value = true
  try {
    const state = await get<State>(path(time_us), mine.stop.signal)
    if (asked !== mine) return
    keep(time_us, state)
    if (at_us.value !== null) show(time_us, state)
  } catch (error) {
    if (asked !== mine) return
    trouble.value = why(error)
    if (error instanceof Refused && error.status === 503) {
      not_before = performance.now() + BUSY_MS
      if (!playing.value) resting = window.setTimeout(() => void ask(time_us), BUSY_MS)
    } else playing.value = false
  } finally {
    if (asked === mine) { asked = null; waiting.value = false }
  }
}

const within = (us: number) => { const t = track.value; return t === null ? us : Math.min(Math.max(us, t.from_us), t.to_us) }
const whole = (us: number, step_us = 1e6) => Math.floor(us / step_us) * step_us

/** Goes to a time; its state is asked for when the hand rests. */
export function seek(us: number) {
  const time = whole(within(us))
  at_us.value = time
  window.clearTimeout(resting)
  const known = kept.get(time)
  if (known) { asked?.stop.abort(); asked = null; waiting.value = false; show(time, known); return }
  resting = window.setTimeout(() => void ask(time), REST_MS)
}

export const step = (by_us: number) => seek((at_us.value ?? track.value?.from_us ?? 0) + by_us)

export function play() {
  const t = track.value
  if (t === null) return
  if (at_us.value === null || at_us.value >= t.to_us) seek(t.from_us)
  playing.value = true
}
export const pause = () => { playing.value = false; if (at_us.value !== null) seek(at_us.value) }
export const leave = () => { stop(); come_back() }

function stop() {
  playing.value = false
  window.clearTimeout(resting)
  asked?.stop.abort()
  asked = null
  waiting.value = false
  at_us.value = null
}

function tick(passed_ms: number) {
  const t = track.value
  if (t === null || at_us.value === null) { playing.value = false; return }
  const step_us = Math.max(1e6, speed.value * STATE_S * 1e6)
  const next = at_us.value + passed_ms * 1000 * speed.value
  const late = past.value === null || next - shown_us > step_us * STEPS_AHEAD
  if (asked === null && performance.now() >= not_before) {
    const wanted = whole(at_us.value, whole(step_us))
    if (past.value === null || wanted > shown_us || at_us.value < shown_us) void ask(Math.max(wanted, t.from_us))
  }
  if (late) return
  at_us.value = Math.min(next, t.to_us)
  if (past.value !== null) past.value = { ...past.value, time_us: at_us.value }
  if (at_us.value >= t.to_us) pause()
}

effect(() => {
  window.clearInterval(timer)
  if (!playing.value) return
  let before = performance.now()
  timer = window.setInterval(() => { const now = performance.now(); tick(now - before); before = now }, TICK_MS)
})

// Whoever leaves the past by the band's button stops the play too.
let was = false
effect(() => {
  const is = past.value !== null
  if (was && !is) stop()
  was = is
})
