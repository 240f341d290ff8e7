// What the hub says: the snapshot, and the changes that follow it. Changes are gathered and shown once a frame, so that two thousand
// stations cost one drawing. When nothing has been heard for a while this says so: an old page must not look like a quiet sea.

import { batch, computed, signal } from '@preact/signals'
import type { Alert, Condition, EventView, Line, Mode, Others, Outage, Relief, SirenZone, Situation, State, Station, Subscriber } from './api'
import { get, Refused, why } from './requests'

/** No word from the hub for this long: the connection is lost. */
const QUIET_MS = 15_000
/** When the stream is refused, the snapshot is asked for this often. */
const POLL_MS = 10_000
const LINES_KEPT = 2_000

const document_mode = (['actual', 'exercise', 'test'] as const).find((m) => m === document.documentElement.dataset.mode) ?? 'actual'

const empty = (): State => ({
  version: '', deployment: '', title: document.title, mode: document_mode, now_us: 0, ready: false, stalled: false, conditions: [], stations: [], alerts: [], timeline: [],
  outages: [], situations: [], others: { feeds: [], actual: [], not_actual: [], more: 0 }, subscribers: [], relief: null, sirens: [], events: [],
})

/** How things stand between the page and the hub. `closed`: only for those who have logged in. */
export type Connection = 'starting' | 'open' | 'lost' | 'closed'

export const connection = signal<Connection>('starting')
/** Why the connection is lost. */
export const trouble = signal('')
/** When something was heard last, by this machine's clock; milliseconds. */
export const heard = signal(performance.now())

/** One snapshot in parts; each is replaced as a whole when it changes. */
export interface Parts {
  version: string; deployment: string; title: string; mode: Mode; ready: boolean; stalled: boolean
  conditions: Condition[]; stations: ReadonlyMap<string, Station>; alerts: Alert[]; timeline: Line[]; outages: Outage[]; situations: Situation[]
  others: Others; subscribers: Subscriber[]; relief: Relief[] | null; sirens: SirenZone[]; events: EventView[]
}

const parts = (state: State): Parts => ({ ...state, events: state.events ?? [], stations: new Map(state.stations.map((s) => [s.id, s])) })

const live = signal<Parts>(parts(empty()))
const live_now = signal(0)
/** A time of the past that is looked at instead of the present, with the state of then. */
export const past = signal<{ time_us: number; state: Parts } | null>(null)

/** What is shown: the present, or the past that somebody looks at. */
export const shown = computed(() => past.value?.state ?? live.value)
/** The time of what is shown, microseconds since the Unix epoch. */
export const now_us = computed(() => past.value?.time_us ?? live_now.value)
/** The present, whatever is looked at: decisions are about this only. */
export const present = computed(() => live.value)
export const present_us = computed(() => live_now.value)

/** Looks at the past. */
export const look_at = (time_us: number, state: State) => { past.value = { time_us, state: parts(state) } }
/** Comes back to the present. */
export const come_back = () => { past.value = null }

export const in_force = (alert: Alert, at_us: number) => !alert.superseded && alert.expires_us >= at_us

// ---- changes, gathered until the next frame ---------------------------------------------------------------------------

let waiting: ((parts: Parts) => Parts)[] = []
let frame = 0

function change(next: (parts: Parts) => Parts) {
  waiting.push(next)
  if (frame === 0) frame = document.hidden ? window.setTimeout(flush, 250) : requestAnimationFrame(flush)
}

function flush() {
  frame = 0
  const todo = waiting
  waiting = []
  batch(() => { live.value = todo.reduce((p, f) => f(p), live.value) })
}

const with_stations = (p: Parts, list: Station[]): Parts => {
  const stations = new Map(p.stations)
  for (const station of list) stations.set(station.id, station)
  return { ...p, stations }
}

const with_alert = (p: Parts, alert: Alert): Parts => {
  const others = p.alerts.filter((a) => a.identifier !== alert.identifier).map((a) => (a.event === alert.event ? { ...a, superseded: true } : a))
  return { ...p, alerts: [...others, alert] }
}

const same_line = (a: Line, b: Line) => a.time_us === b.time_us && a.kind === b.kind && a.text === b.text
const with_line = (p: Parts, line: Line): Parts =>
  p.timeline.some((l) => same_line(l, line)) ? p : { ...p, timeline: [...p.timeline.slice(-(LINES_KEPT - 1)), line] }

const with_event = (p: Parts, event: EventView): Parts =>
  ({ ...p, events: p.events.some((e) => e.id === event.id) ? p.events.map((e) => (e.id === event.id ? event : e)) : [...p.events, event] })

const with_relief = (p: Parts, relief: Relief): Parts => ({ ...p, relief: [...(p.relief ?? []).filter((r) => r.event !== relief.event), relief] })

// ---- the stream -------------------------------------------------------------------------------------------------------

let source: EventSource | null = null
let asked = 0

function hear() {
  heard.value = performance.now()
  if (connection.value !== 'open') connection.value = 'open'
}

async function snapshot() {
  const mine = ++asked
  try {
    const state = await get<State>('api/state')
    if (mine !== asked) return
    hear()
    // What was gathered before is in the snapshot.
    waiting = []
    batch(() => { live.value = parts(state); live_now.value = state.now_us })
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      connection.value = 'closed'
      source?.close()
      source = null
      live.value = { ...parts(empty()), title: live.value.title }
      return
    }
    trouble.value = why(error)
    console.warn('no snapshot:', error)
  }
}

function follow() {
  source?.close()
  source = new EventSource('events')
  const on = <T,>(name: string, take: (data: T) => void) => source?.addEventListener(name, (event) => {
    hear()
    try {
      take(JSON.parse((event as MessageEvent<string>).data) as T)
    } catch (error) {
      console.warn(`cannot read ${name}:`, error)
    }
  })
  on('hello', () => void snapshot())
  on('reload', () => void snapshot())
  on<Station[]>('stations', (list) => change((p) => with_stations(p, list)))
  on<Alert>('alert', (alert) => change((p) => with_alert(p, alert)))
  on<Line>('timeline', (line) => change((p) => with_line(p, line)))
  on<Condition[]>('conditions', (conditions) => change((p) => ({ ...p, conditions })))
  on<{ situations: Situation[]; outages: Outage[] }>('picture', (picture) => change((p) => ({ ...p, ...picture })))
  on<Others>('others', (others) => change((p) => ({ ...p, others })))
  on<Relief>('relief', (relief) => change((p) => with_relief(p, relief)))
  on<SirenZone[]>('sirens', (sirens) => change((p) => ({ ...p, sirens })))
  on<EventView>('event', (event) => change((p) => with_event(p, event)))
  on<{ now_us: number; ready: boolean; stalled: boolean }>('clock', (clock) => {
    live_now.value = clock.now_us
    const { ready, stalled } = live.value
    if (ready !== clock.ready || stalled !== clock.stalled) change((p) => ({ ...p, ready: clock.ready, stalled: clock.stalled }))
  })
}

/** Opens the connection, and again after somebody has logged in or out. */
export function connect() {
  connection.value = 'starting'
  heard.value = performance.now()
  follow()
}

/** Watches over the connection; called once. */
export function watch() {
  connect()
  let polled = 0
  setInterval(() => {
    const quiet = performance.now() - heard.value
    if (connection.value === 'closed') return
    if (quiet > QUIET_MS && connection.value !== 'lost') {
      connection.value = 'lost'
      if (trouble.value === '') trouble.value = 'Nothing has been heard from the hub.'
    }
    // A browser gives a stream up for good when it was refused; ask again ourselves.
    if (quiet > POLL_MS && performance.now() - polled > POLL_MS) {
      polled = performance.now()
      if (source === null || source.readyState === EventSource.CLOSED) follow()
      void snapshot()
    }
  }, 1000)
}
