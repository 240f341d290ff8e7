// Asks again and again while something is on the screen. What cannot be had is said, and what is old stays with its time.

import { useEffect, useState } from 'preact/hooks'
import { get, Refused, why } from './requests'

/** `absent`: this hub does not have what is asked for (an older one, or it is switched off). */
export interface Polled<T> { data: T | null; error: string; absent: boolean; heard_ms: number | null }

const nothing = { data: null, error: '', absent: false, heard_ms: null }
/** A hub that lacks something may be started anew with it; one that is busy says so with 503. */
const ABSENT_MS = 60_000
const BUSY_MS = 5_000

/** What `path` answers, asked for every `every_ms` (0: once); nothing while `path` is null. While `about` is the same, what there was stays until another path has answered. */
export function usePolled<T>(path: string | null, every_ms: number, about = path): Polled<T> {
  const [state, set] = useState<Polled<T>>(nothing)
  useEffect(() => { set(nothing) }, [about])
  useEffect(() => {
    if (path === null) return
    const stop = new AbortController()
    let timer = 0
    const ask = async () => {
      let next_ms = every_ms
      try {
        const data = await get<T>(path, stop.signal)
        if (!stop.signal.aborted) set({ data, error: '', absent: false, heard_ms: performance.now() })
      } catch (error) {
        if (stop.signal.aborted) return
        const status = error instanceof Refused ? error.status : 0
        const absent = status === 404 || status === 503
        if (status === 503) next_ms = Math.max(every_ms, BUSY_MS)
        else if (status === 404 && every_ms > 0) next_ms = Math.max(every_ms, ABSENT_MS)
        set((before) => ({ ...before, error: why(error), absent }))
      }
      if (!stop.signal.aborted && next_ms > 0) timer = window.setTimeout(() => void ask(), next_ms)
    }
    void ask()
    return () => { stop.abort(); window.clearTimeout(timer) }
  }, [path, every_ms])
  return state
}
