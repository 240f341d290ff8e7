// Every forecast of an event, asked for again when there is a new one. In the past only what was known then is shown.

import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Alert, EventDetail, EventView } from '../api'
import { now_us, past, shown } from '../hub'
import { get, Refused, why } from '../requests'
import { changes, standing_at, type Change, type Revision } from './changes'

/** When the hub did not answer, it is asked again after this long. */
const AGAIN_MS = 10_000

export interface Asked<T> { value: T | null; /** Why there is nothing, or nothing newer. */ trouble: string }

/** Something of the hub's, asked for when `path` or `version` is another, and until it answers. `missing` says what a 404 means. */
export function useAsked<T>(path: string | null, version: unknown, missing: string): Asked<T> {
  const asked = useSignal<Asked<T> & { path: string | null }>({ value: null, trouble: '', path: null })
  useEffect(() => {
    if (path === null) return
    const stop = new AbortController()
    let timer = 0
    const ask = () => void get<T>(path, stop.signal).then(
      (value) => { if (!stop.signal.aborted) asked.value = { value, trouble: '', path } },
      (error: unknown) => {
        if (stop.signal.aborted) return
        const gone = error instanceof Refused && error.status === 404
        const kept = asked.value.path === path && !gone ? asked.value.value : null
        asked.value = { value: kept, trouble: gone ? missing : why(error), path }
        if (!gone) timer = window.setTimeout(ask, AGAIN_MS)
      },
    )
    ask()
    return () => { stop.abort(); clearTimeout(timer) }
  }, [path, version])
  // Another event's answer is none of this one's.
  return asked.value.path === path ? asked.value : { value: null, trouble: '' }
}

export const event_path = (id: string) => `api/events/${encodeURIComponent(id)}`

/** An event's forecasts as far as they were made by the time that is shown, and the heights that levels mean. */
export function useDetail(event: EventView | null): Asked<EventDetail> {
  const asked = useAsked<EventDetail>(event ? event_path(event.id) : null, event?.revision, 'This hub keeps no earlier forecasts of the event.')
  if (!asked.value || !past.value) return asked
  const then = now_us.value
  return { ...asked, value: { ...asked.value, revisions: asked.value.revisions.filter((r) => r.made_us <= then) } }
}

/** What was published last for an event, cancellations too. */
export const last_alert = (event: string): Alert | null =>
  shown.value.alerts.filter((a) => a.event === event).reduce<Alert | null>((best, a) => (best === null || a.sent_us >= best.sent_us ? a : best), null)

export interface Since { alert: Alert | null; revision: Revision | null; list: Change[] }

/** What the forecast says now that it did not say when the last alert went out. */
export function since_last_alert(event: EventView, detail: EventDetail | null): Since {
  const alert = last_alert(event.id)
  const revision = alert && detail ? standing_at(detail.revisions, alert.sent_us) : null
  return { alert, revision, list: revision ? changes(revision.zones, event.zones) : [] }
}
