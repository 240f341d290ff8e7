// The message that is in force of an event: what the public knows now.

import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Alert } from '../api'
import { in_force, present, present_us } from '../hub'
import { bytes, why } from '../requests'

export interface Standing { alert: Alert | null; /** The message itself; null while it is not read. */ xml: string | null; trouble: string }

export const standing = (event: string): Alert | null => present.value.alerts.findLast((a) => a.event === event && in_force(a, present_us.peek()) && a.msg_type !== 'Cancel') ?? null

/** What is in force of an event, as it was sent. */
export function useStanding(event: string): Standing {
  const alert = standing(event)
  const read = useSignal<{ file: string; xml: string | null; trouble: string } | null>(null)
  const file = alert?.file ?? null
  useEffect(() => {
    if (file === null) return
    const stop = new AbortController()
    bytes(`cap/${file}`, stop.signal).then(
      (data) => { if (!stop.signal.aborted) read.value = { file, xml: new TextDecoder().decode(data), trouble: '' } },
      (error: unknown) => { if (!stop.signal.aborted) read.value = { file, xml: null, trouble: why(error) } },
    )
    return () => stop.abort()
  }, [file])
  return alert && read.value?.file === file ? { alert, xml: read.value.xml, trouble: read.value.trouble } : { alert, xml: null, trouble: '' }
}
