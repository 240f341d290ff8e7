import { useEffect, useMemo } from 'preact/hooks'
import type { Alert, EventView, Line, Mode, Relief, Situation } from '../api'
import { present, present_us } from '../hub'
import { link } from '../rooms'
import { both, day, hms, iso, span, words } from '../time'
import { me } from '../who'
import { Compare } from './Compare'
import { revisions_of } from './compare'
import { Decisions } from './Decisions'
import { Maps } from './Maps'
import { BASIS, LEVEL_WORD } from './say'
import type { Story } from './story'
import { Wide } from '../Wide'
import './report.css'

const LINES = 400

const NOT_REAL: Record<Exclude<Mode, 'actual'>, string> = { exercise: 'EXERCISE - nothing in this report was real', test: 'TEST - nothing in this report was real' }

/** All of one event as a document: to read, to print, to save as PDF by the browser's own print. */
export function Report({ story }: { story: Story }) {
  const { event, detail, end } = story
  const revisions = useMemo(() => (event ? revisions_of(event, detail) : []), [event, detail])
  const names = useMemo(() => new Map(end?.stations.map((s) => [s.id, s.name])), [end?.stations])
  const alerts = useMemo(() => (end?.alerts ?? []).filter((a) => a.event === story.id).sort((a, b) => a.sent_us - b.sent_us), [end?.alerts, story.id])
  const situations = (end?.situations ?? []).filter((s) => s.events.includes(story.id))
  const mode = end?.mode ?? present.value.mode
  // The name of the document is the name of the file that the browser proposes.
  useEffect(() => {
    const before = document.title
    document.title = `${mode === 'actual' ? '' : `${mode.toUpperCase()} `}Report - ${story.title}`
    return () => { document.title = before }
  }, [story.title, mode])
  return (
    <article class={`report history ${mode}`}>
      <p class="buttons no-print"><a class="button" href={link('history', story.id)}>Back to the event</a> <button type="button" class="main" onClick={() => window.print()}>Print, or save as PDF</button></p>
      {mode !== 'actual' && <p class="paper-mark" aria-hidden="true">{mode.toUpperCase()}</p>}
      <section class="card title">
        {mode !== 'actual' && <p class="not-real">{NOT_REAL[mode]}</p>}
        <p class="soft">{end?.title ?? present.value.title} - report of an event</p>
        <h1>{story.title}</h1>
        {event ? <InShort event={event} alerts={alerts} /> : <p>The forecast of this event is not known to the hub any more.</p>}
        <p class="soft">Written {both(present_us.value)} by Watchfire {end?.version ?? present.value.version}{me.value.name !== null && ` for ${me.value.name}`}, from the record of deployment {end?.deployment ?? present.value.deployment}.
          {story.over_us === null && <strong> {story.dated ? 'The event is still on: this report is not final.' : 'Whether the event is over is not known to the hub.'}</strong>}</p>
        {story.lacks.map((text) => <p key={text} class="condition">{text}</p>)}
        {event !== null && event.unanswered.length > 0 && <><h2>What nothing can be said about</h2><ul>{event.unanswered.map((text) => <li key={text}>{text}</li>)}</ul></>}
      </section>
      <Messages alerts={alerts} />
      <Timeline lines={lines_of(end?.timeline ?? [], story, situations)} />
      {event && <Compare event={event} revisions={revisions} alerts={alerts} names={names} paper />}
      <Maps story={story} alerts={alerts} />
      <People relief={(end?.relief ?? null)?.filter((r) => r.event === story.id) ?? null} />
      <Belongs situations={situations} />
      <Decisions event={story.id} />
    </article>
  )
}

const lines_of = (timeline: Line[], story: Story, situations: Situation[]) => {
  const end = story.over_us === null ? Infinity : story.over_us + 10 * 60e6
  return timeline.filter((l) => (l.situation !== undefined && situations.some((s) => s.id === l.situation)) || (l.time_us >= story.began_us - 60e6 && l.time_us <= end)).sort((a, b) => a.time_us - b.time_us)
}

function InShort({ event: e, alerts }: { event: EventView; alerts: Alert[] }) {
  const first = alerts[0]
  const s = e.source
  return (
    <dl class="pairs">
      <dt>Source</dt><dd>{s.kind === 'earthquake' ? `Earthquake M${s.magnitude.toFixed(1)}, ${s.place}, ${s.depth_km.toFixed(0)} km deep (${s.lat.toFixed(2)}, ${s.lon.toFixed(2)})` : `Waves without a known earthquake, near ${s.lat.toFixed(1)}, ${s.lon.toFixed(1)}${s.region_km === null ? '' : ` ± ${s.region_km.toFixed(0)} km`}`}</dd>
      <dt>{s.kind === 'earthquake' ? 'Origin' : 'Began'}</dt><dd>{both(s.kind === 'earthquake' ? s.origin_us : e.began_us)}</dd>
      <dt>Over</dt><dd>{e.over_us === null ? 'not yet' : `${both(e.over_us)}, after ${span(e.over_us - e.began_us)}${e.over_why ? `: ${e.over_why}` : ''}`}</dd>
      <dt>Wave</dt><dd>{e.confirmed ? 'recorded by stations' : 'not recorded by any station'}</dd>
      <dt>Last forecast</dt><dd>{LEVEL_WORD[e.level]}, revision {e.revision}, {both(e.revised_us)}, from {BASIS[e.basis]}</dd>
      <dt>First message</dt><dd>{first ? `${both(first.sent_us)}, ${span(first.sent_us - (s.kind === 'earthquake' ? s.origin_us : e.began_us))} after ${s.kind === 'earthquake' ? 'the origin' : 'the beginning'}` : 'none was sent'}</dd>
      <dt>Messages</dt><dd>{alerts.length}</dd>
    </dl>
  )
}

function Messages({ alerts }: { alerts: Alert[] }) {
  return (
    <section class="card" aria-labelledby="messages-h">
      <h2 id="messages-h">Messages as sent</h2>
      {alerts.length === 0 && <p class="empty">No message of this event is in the record.</p>}
      {alerts.map((a, n) => (
        <article key={a.identifier} class="message">
          <h3>{n + 1}. {a.msg_type}, {day(a.sent_us)} {hms(a.sent_us)} UTC</h3>
          <p><b>{a.headline}</b></p>
          <p>Severity {a.severity}; {a.areas.length} {a.areas.length === 1 ? 'area' : 'areas'}: {a.areas.join(', ')}. In force until {both(a.expires_us)} unless replaced.</p>
          {a.summary !== '' && <details open={n === 0 || n === alerts.length - 1}><summary class="no-print">Text</summary>{a.summary.split('\n').map((line, i) => <p key={i} class="text">{line}</p>)}</details>}
          <p class="soft"><a href={`cap/${encodeURIComponent(a.file)}`}>{a.identifier}</a></p>
        </article>
      ))}
    </section>
  )
}

function Timeline({ lines }: { lines: Line[] }) {
  return (
    <section class="card" aria-labelledby="timeline-h">
      <h2 id="timeline-h">What happened</h2>
      {lines.length === 0 ? <p class="empty">The record has no line of this time.</p> : (
        <Wide label="What happened"><table class="lines">
          <thead><tr><th scope="col">UTC</th><th scope="col">What</th><th scope="col">In words</th></tr></thead>
          <tbody>{lines.slice(0, LINES).map((l, n) => <tr key={n}><td><time dateTime={iso(l.time_us)}>{day(l.time_us)} {hms(l.time_us)}</time></td><td>{words(l.kind)}</td><td>{l.text}{l.compute_ms !== null && l.compute_ms !== undefined && <span class="soft"> (computed in {l.compute_ms < 1000 ? `${l.compute_ms.toFixed(0)} ms` : `${(l.compute_ms / 1000).toFixed(1)} s`})</span>}</td></tr>)}</tbody>
        </table></Wide>
      )}
      {lines.length > LINES && <p>and {lines.length - LINES} more lines; the journal has them.</p>}
    </section>
  )
}

const people = (n: number | null, whole: boolean) => (n === null ? 'not known' : `${whole ? '' : 'at least '}${n.toLocaleString('en')}`)

function People({ relief }: { relief: Relief[] | null }) {
  return (
    <section class="card" aria-labelledby="people-h">
      <h2 id="people-h">People and places</h2>
      {relief === null || relief.length === 0 ? <p class="empty">This event was not assessed: this deployment has no lists of people and places, or nothing was threatened.</p> : relief.map((r) => (
        <div key={r.message}>
          <dl class="pairs">
            <dt>Threatened zones</dt><dd>{r.zones}</dd><dt>People in them</dt><dd>{people(r.people, r.all_known)}</dd><dt>To leave</dt><dd>{people(r.to_evacuate, r.all_known)}</dd>
            <dt>Shelter places lacking</dt><dd>{people(r.capacity_lacking, r.all_known)}</dd><dt>Hospitals</dt><dd>{r.hospitals}</dd><dt>Schools</dt><dd>{r.schools}</dd><dt>Bridges on ways to shelters</dt><dd>{r.bridges_on_ways}</dd>
          </dl>
          <p class="soft">Assessment {r.number} of {both(r.made_us)}, for message {r.message}. <a href={`relief/${encodeURIComponent(r.event)}.html`}>Situation report</a></p>
        </div>
      ))}
    </section>
  )
}

function Belongs({ situations }: { situations: Situation[] }) {
  if (situations.length === 0) return null
  return (
    <section class="card" aria-labelledby="belongs-h">
      <h2 id="belongs-h">What belongs to it</h2>
      {situations.map((s) => (
        <div key={s.id}>
          <h3>{s.title}</h3>
          <ul>{s.evidence.map((e) => <li key={e.key}><b>{words(e.kind)}</b>{e.damage && ' (damage)'}, {hms(e.since_us)} UTC{e.until_us === null ? ', on' : e.until_us > e.since_us ? ` to ${hms(e.until_us)}` : ''}: {e.text || e.name}{e.because && `; it ${e.because}`}</li>)}</ul>
          {s.more > 0 && <p class="soft">and {s.more} more.</p>}
        </div>
      ))}
    </section>
  )
}

