// Series of readings, asked for a few at a time: a hub that reads its journal for one asker lets the next wait.

import { useEffect, useState } from 'preact/hooks'
import type { Series } from './api'
import { get, Refused, why } from './requests'

const AT_ONCE = 2
const TRIES = 4
const AGAIN_MS = 1_500
const KEPT = 120

export interface Wanted { station: string; quantity: string; from_us: number; to_us: number; points?: number }

let running = 0
const queue: (() => void)[] = []
const kept = new Map<string, Series>()

async function turn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((go) => queue.push(go))
  running += 1
  try { return await work() } finally { running -= 1; queue.shift()?.() }
}

const wait = (ms: number) => new Promise((go) => setTimeout(go, ms))

export const series_path = ({ station, quantity, from_us, to_us, points = 400 }: Wanted) =>
  `api/stations/${encodeURIComponent(station)}/series?quantity=${encodeURIComponent(quantity)}&from_us=${Math.round(from_us)}&to_us=${Math.round(to_us)}&points=${points}`

/** Reads a piece of a series; a hub that is busy is asked again. */
export async function read_series(wanted: Wanted, signal: AbortSignal): Promise<Series> {
  const path = series_path(wanted)
  const known = kept.get(path)
  if (known) return known
  for (let tried = 1; ; tried += 1) {
    try {
      const series = await turn(async () => { signal.throwIfAborted(); return get<Series>(path, signal) })
      kept.set(path, series)
      if (kept.size > KEPT) kept.delete(kept.keys().next().value as string)
      return series
    } catch (error) {
      if (signal.aborted || !(error instanceof Refused) || error.status !== 503 || tried >= TRIES) throw error
      await wait(AGAIN_MS * tried)
    }
  }
}

/** A piece of a series while it is on the screen; `null` asks for nothing. What there was stays until the next has come. */
export function useSeries(wanted: Wanted | null): { series: Series | null; error: string } {
  const [state, set] = useState<{ series: Series | null; error: string }>({ series: null, error: '' })
  const path = wanted === null ? null : series_path(wanted)
  useEffect(() => {
    if (wanted === null) return
    const stop = new AbortController()
    read_series(wanted, stop.signal).then(
      (series) => { if (!stop.signal.aborted) set({ series, error: '' }) },
      (error: unknown) => { if (!stop.signal.aborted) set((before) => ({ ...before, error: error instanceof Refused && error.status === 404 ? 'No history is kept here.' : why(error) })) },
    )
    return () => stop.abort()
  }, [path])
  return state
}
