import { useMemo } from 'preact/hooks'
import type { Preview } from '../api'
import { hm } from '../time'
import { told } from './cap'
import { difference } from './diff'
import { useStanding } from './standing'

/** What a message says that the one in force does not, word by word. */
export function Difference({ preview }: { preview: Preview }) {
  const { alert: before, xml, trouble } = useStanding(preview.event)
  const old = useMemo(() => (xml === null ? [] : told(xml)), [xml])
  if (!before) return <p>Nothing is in force for this event: all of the message is new.</p>
  if (trouble) return <p class="error">The message in force is not seen: {trouble}</p>
  if (xml === null) return <p class="soft">Reading the message in force...</p>
  const [was, is] = [new Set(old[0]?.areas ?? before.areas), new Set(preview.areas.map((a) => a.name))]
  const [more, fewer] = [[...is].filter((a) => !was.has(a)), [...was].filter((a) => !is.has(a))]
  const silent = old.filter((t) => !preview.audiences.some((a) => a.language === t.language))
  return (
    <div class="difference">
      <p class="soft">Against the message of {hm(before.sent_us)} UTC. <del>Only in that one</del>, <ins>only in this one</ins>.</p>
      <p>Areas: {more.length + fewer.length === 0 ? 'the same.' : <>{more.length > 0 && <ins>new: {more.join(', ')}</ins>} {fewer.length > 0 && <del>no longer: {fewer.join(', ')}</del>}</>}</p>
      {silent.length > 0 && <p><strong>No longer said in: {silent.map((t) => t.language).join(', ')}.</strong></p>}
      {preview.audiences.map((a) => {
        const then = old.find((t) => t.language === a.language)
        return (
          <section key={a.language} lang={a.language}>
            <h3>{a.name}</h3>
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
