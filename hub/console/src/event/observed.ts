// What a sea-level station has seen, as long as somebody looks at it.

import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Series } from '../api'
import { past } from '../hub'
import { get, Refused, why } from '../requests'
import { series_path } from '../series'
import type { Asked } from './detail'

/** The sea is asked for again after this long. */
const AGAIN_MS = 10_000
/** Whoever moves through the past is answered when they rest. */
const REST_MS = 300
const POINTS = 1_200

/** Sea level without tide between two times, renewed while they reach into the present. `to_us` is cut to the time that is shown. */
export function useWave(station: string, from_us: number, to_us: number): Asked<Series> {
  const asked = useSignal<Asked<Series>>({ value: null, trouble: '' })
  const then = past.value?.time_us ?? null
  const until = Math.min(to_us, then ?? Infinity)
  useEffect(() => {
    const stop = new AbortController()
    let timer = 0
    const ask = () => {
      const path = series_path({ station, quantity: 'wave', from_us, to_us: until, points: POINTS })
      void get<Series>(path, stop.signal).then(
        (value) => { asked.value = { value, trouble: '' } },
        (error: unknown) => {
          if (stop.signal.aborted) return
          const gone = error instanceof Refused && error.status === 404
          asked.value = { value: gone ? null : asked.value.value, trouble: gone ? 'No sea level without tide is kept for this station.' : why(error) }
        },
      ).finally(() => { if (!stop.signal.aborted && then === null) timer = window.setTimeout(ask, AGAIN_MS) })
    }
    timer = window.setTimeout(ask, then === null ? 0 : REST_MS)
    return () => { stop.abort(); clearTimeout(timer) }
  }, [station, from_us, until, then === null])
  return asked.value
}
