import { useState } from 'preact/hooks'
import type { Situation } from '../api'
import { now_us } from '../hub'
import { link } from '../rooms'
import { both, hm, iso, span, words } from '../time'
import { CITY_KINDS, gravest, on, order } from './city'
import { Lanes } from './Lanes'

const SHOWN = 4
const LISTED = 12

/** What happened to the city and why it belongs together: one card for each situation. */
export function Situations({ situations }: { situations: Situation[] }) {
  const [all, show_all] = useState(false)
  const list = order(situations.filter((s) => s.evidence.some((e) => CITY_KINDS.has(e.kind)) || s.events.length > 0))
  return (
    <section class="card" aria-labelledby="part-h">
      <h2 id="part-h">What belongs together</h2>
      {list.length === 0 && <p class="empty">No outage, incident or congestion belongs to an earthquake or to each other by the rules of this deployment.</p>}
      {list.slice(0, all ? list.length : SHOWN).map((s) => <Card key={s.id} situation={s} />)}
      {!all && list.length > SHOWN && <button type="button" onClick={() => show_all(true)}>Show {list.length - SHOWN} more</button>}
    </section>
  )
}

function Card({ situation: s }: { situation: Situation }) {
  const [all, show_all] = useState(false)
  const evidence = [...s.evidence].sort(gravest)
  return (
    <article>
      <h3>{s.title}</h3>
      <p class="soft">{s.over_us === null ? `On for ${span(now_us.value - s.since_us)}, since ` : 'Over; began '}<time dateTime={iso(s.since_us)}>{both(s.since_us)}</time>.
        {s.damage > 0 && <strong> {s.damage} {s.damage === 1 ? 'finding is' : 'findings are'} evidence of damage.</strong>}
        {s.events.map((e) => <span key={e}> <a href={link('event', e)}>The tsunami event</a></span>)}</p>
      <Lanes evidence={s.evidence} now_us={now_us.value} over_us={s.over_us} title={s.title} />
      <ol class="evidence">
        {evidence.slice(0, all ? evidence.length : LISTED).map((e) => (
          <li key={e.key} class={on(e) ? 'on' : 'over'}>
            <span class="soft"><time dateTime={iso(e.since_us)} title={both(e.since_us)}>{hm(e.since_us)}</time>{e.until_us === null ? ' UTC, still on' : e.until_us > e.since_us ? ` to ${hm(e.until_us)} UTC` : ' UTC'}</span>{' '}
            <b>{words(e.kind)}</b>{e.damage && <> <span class="chip level-major">Damage</span></>} {e.text || e.name}
            {e.because && <div>Belongs here because it {e.because}</div>}
          </li>
        ))}
      </ol>
      {!all && evidence.length > LISTED && <button type="button" onClick={() => show_all(true)}>Show {evidence.length - LISTED} more</button>}
      {s.more > 0 && <p class="soft">and {s.more} more that the hub does not list; the timeline has them.</p>}
    </article>
  )
}
