import { useEffect, useMemo } from 'preact/hooks'
import type { History } from '../api'
import { present, present_us } from '../hub'
import { usePolled } from '../poll'
import { link, place } from '../rooms'
import { both, iso, span } from '../time'
import { Wide } from '../Wide'
import { Compare } from './Compare'
import { revisions_of } from './compare'
import { moments_of, stretch_of } from './moments'
import { track } from './player'
import { Report } from './Report'
import { LEVEL_WORD } from './say'
import { Scrubber } from './Scrubber'
import { useStory, type Story } from './story'
import './history.css'

const POLL_MS = 30_000
const ROWS = 200

/** Past events: gone through, held against what came, reported. */
export function HistoryRoom() {
  const { of, part } = place.value
  const { data: history, error, absent } = usePolled<History>('api/history', POLL_MS)
  const story = useStory(of, history)
  useTrack(history, story, of)
  if (of !== null && part === 'report') return story === null || (story.loading && story.event === null) ? <p role="status">Gathering the report.</p> : <Report story={story} />
  return (
    <div class="history">
      {error !== '' && <p class="condition" role="status">{absent ? 'This hub keeps no record that can be gone through (it is older, or still starting). Events that it shows now are listed.' : `The record cannot be read: ${error}`}</p>}
      {story !== null ? <One story={story} has_record={history !== null && history.from_us !== null && (story.over_us ?? Infinity) > history.from_us} /> : <>
        <Past history={history} />
        {history !== null && history.from_us !== null && <section class="card"><h2>The whole record</h2><p class="soft">From {both(history.from_us)} to {history.to_us === null ? 'now' : both(history.to_us)}.</p><Scrubber rooms /></section>}
      </>}
    </div>
  )
}

/** What the scrubber goes through: the event in the address, else the whole record. */
function useTrack(history: History | null, story: Story | null, of: string | null) {
  const { from_us, to_us, gaps } = history ?? { from_us: null, to_us: null, gaps: [] }
  const key = `${of} ${from_us} ${to_us} ${story?.began_us} ${story?.over_us} ${story?.event?.revision} ${story?.detail?.revisions.length} ${story?.end?.alerts.length} ${gaps.length}`
  useEffect(() => {
    if (history === null) return
    if (story === null) {
      const end = to_us ?? present_us.value
      track.value = from_us === null ? null : { of: null, title: 'the whole record', from_us, to_us: end, gaps, moments: history.events.map((e) => ({ time_us: e.began_us, kind: 'quake' as const, text: e.title })) }
    } else if (story.began_us > 0) {
      track.value = { of, title: story.title, ...stretch_of(story, history, present_us.value), gaps, moments: moments_of(story.event, story.detail, story.end) }
    }
  }, [key])
}

function Past({ history }: { history: History | null }) {
  const live = present.value.events.filter((e) => !history?.events.some((h) => h.id === e.id))
  const known = [...(history?.events ?? []), ...live]
  // A hub that tells no events tells its messages: each belongs to one.
  const told = new Map(present.value.alerts.filter((a) => !known.some((e) => e.id === a.event)).sort((a, b) => b.sent_us - a.sent_us).map((a) => [a.event, { id: a.event, title: a.headline, began_us: a.sent_us, over_us: null, level: null }]))
  const events = [...known, ...told.values()].sort((a, b) => b.began_us - a.began_us)
  return (
    <section class="card" aria-labelledby="past-h">
      <h2 id="past-h">Past events</h2>
      {events.length === 0 ? <p class="empty">No event is in the record.</p> : (
        <Wide label="Events of the record"><table class="events">
          <thead><tr><th scope="col">Event</th><th scope="col">Highest level</th><th scope="col">Began</th><th scope="col">Lasted</th><th scope="col"><span class="sr">What to see</span></th></tr></thead>
          <tbody>{events.slice(0, ROWS).map((e) => (
            <tr key={e.id}>
              <th scope="row"><a href={link('history', e.id)}>{e.title}</a></th>
              <td class={`level-${e.level ?? 'none'}`}><b>{e.level === null ? 'not known' : LEVEL_WORD[e.level]}</b></td>
              <td><time dateTime={iso(e.began_us)}>{both(e.began_us)}</time></td>
              <td>{e.over_us !== null ? span(e.over_us - e.began_us) : e.level === null ? 'not known' : <b>still on</b>}</td>
              <td><a href={link('history', e.id, 'report')} aria-label={`Report of ${e.title}`}>Report</a></td>
            </tr>
          ))}</tbody>
        </table></Wide>
      )}
      {events.length > ROWS && <p class="soft">and {events.length - ROWS} older ones.</p>}
    </section>
  )
}

function One({ story, has_record }: { story: Story; has_record: boolean }) {
  const { event, detail, end } = story
  const revisions = useMemo(() => (event ? revisions_of(event, detail) : []), [event, detail])
  const names = useMemo(() => new Map(end?.stations.map((s) => [s.id, s.name])), [end?.stations])
  return <>
    <section class="card">
      <p><a href={link('history')}>All past events</a></p>
      <h2>{story.title}</h2>
      {story.began_us > 0 && <p class="soft">Began {both(story.began_us)}; {!story.dated ? 'whether it is over is not known' : story.over_us === null ? 'still on' : `over after ${span(story.over_us - story.began_us)}${event?.over_why ? `: ${event.over_why}` : ''}`}.</p>}
      <p class="buttons"><a class="button" href={link('history', story.id, 'report')}>Report, to print or save</a></p>
      {has_record && story.began_us > 0 ? <Scrubber rooms /> : <p class="empty">{has_record ? 'Asking when it was.' : 'The record does not reach back to it, or none is kept: it cannot be gone through.'}</p>}
    </section>
    {story.lacks.map((text) => <p key={text} class="condition" role="status">{text}</p>)}
    {event ? <Compare event={event} revisions={revisions} alerts={end?.alerts ?? []} names={names} /> : !story.loading && <p class="condition">The forecast of this event is not known to the hub any more.</p>}
  </>
}
