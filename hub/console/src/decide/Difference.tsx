import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Alert, Preview } from '../api'
import { in_force, present, present_us } from '../hub'
import { bytes, why } from '../requests'
import { hm } from '../time'
import { told, type Told } from './cap'
import { difference } from './diff'

/** What is in force of an event: what the public knows now. */
export const standing = (event: string): Alert | null => present.value.alerts.findLast((a) => a.event === event && in_force(a, present_us.peek()) && a.msg_type !== 'Cancel') ?? null

/** What a message says that the one in force does not, word by word. */
export function Difference({ preview }: { preview: Preview }) {
  const before = standing(preview.event)
  const read = useSignal<{ file: string; told: Told[]; trouble: string } | null>(null)
  useEffect(() => {
    if (!before) return
    const stop = new AbortController()
    bytes(`cap/${before.file}`, stop.signal).then(
      (data) => { read.value = { file: before.file, told: told(new TextDecoder().decode(data)), trouble: '' } },
      (error: unknown) => { if (!stop.signal.aborted) read.value = { file: before.file, told: [], trouble: why(error) } },
    )
    return () => stop.abort()
  }, [before?.file])
  if (!before) return <p>Nothing is in force for this event: all of the message is new.</p>
  if (read.value?.file !== before.file) return <p class="soft">Reading the message in force...</p>
  if (read.value.trouble) return <p class="error">The message in force is not seen: {read.value.trouble}</p>
  const old = read.value.told
  const [was, is] = [new Set(old[0]?.areas ?? before.areas), new Set(preview.areas.map((a) => a.name))]
  const [more, fewer] = [[...is].filter((a) => !was.has(a)), [...was].filter((a) => !is.has(a))]
  return (
    <div class="difference">
      <p class="soft">Against the message of {hm(before.sent_us)} UTC. <del>Only in that one</del>, <ins>only in this one</ins>.</p>
      <p>Areas: {more.length + fewer.length === 0 ? 'the same.' : <>{more.length > 0 && <ins>new: {more.join(', ')}</ins>} {fewer.length > 0 && <del>no longer: {fewer.join(', ')}</del>}</>}</p>
      {preview.audiences.map((a) => {
        const then = old.find((t) => t.language === a.language)
        return (
          <section key={a.language} lang={a.language}>
            <h4>{a.name}</h4>
            {(['headline', 'description', 'instruction'] as const).map((field) => <Words key={field} before={then?.[field] ?? ''} after={a[field]} />)}
          </section>
        )
      })}
    </div>
  )
}

function Words({ before, after }: { before: string; after: string }) {
  const pieces = difference(before, after)
  return (
    <p class="said">{pieces.map((p, n) => (p.in === 'both' ? <span key={n}>{p.text}</span> : p.in === 'before' ? <del key={n}>{p.text}</del> : <ins key={n}>{p.text}</ins>))}</p>
  )
}
