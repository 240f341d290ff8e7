import type { Feed, OtherAlert } from '../api'
import { shown } from '../hub'
import { second_us } from '../ticking'
import { both, hm, iso, span } from '../time'

const LISTED = 6
const AREAS = 6

/** What other senders say: theirs, not ours; real ones first. A feed that is not heard is said to be so. */
export function OtherSenders() {
  const { feeds, actual, not_actual, more } = shown.value.others
  if (feeds.length === 0 && actual.length === 0 && not_actual.length === 0) return null
  const all = [...actual, ...not_actual]
  return (
    <section class="card" aria-labelledby="others-h">
      <h2 id="others-h">Other senders{actual.length > 0 && `: ${actual.length}`}</h2>
      <div aria-live="polite">
        {all.length === 0 && <p class="empty">No alert of theirs concerns this place.</p>}
        {all.slice(0, LISTED).map((alert) => <One key={`${alert.sender} ${alert.identifier}`} alert={alert} />)}
        {all.length + more > LISTED && <p class="soft">and {Math.max(0, all.length - LISTED) + more} more</p>}
      </div>
      {feeds.filter((f) => !f.known).map((feed) => <Unheard key={feed.name} feed={feed} />)}
    </section>
  )
}

/** Who vouches for a message. */
const VOUCHER: Record<string, string> = { signed: 'signed by one whom this deployment trusts', transport: 'not signed, fetched by HTTPS', bad_signature: 'BAD SIGNATURE: do not believe this' }

const web = (url: string | null) => (url !== null && /^https?:\/\//i.test(url) ? url : null)

function One({ alert }: { alert: OtherAlert }) {
  const areas = alert.parts.flatMap((p) => p.areas)
  const page = web(alert.web)
  return (
    <article class="theirs" lang={alert.language || undefined}>
      <h3>{alert.state === 'ended' && <span class="chip" lang="en">ENDED</span>} {alert.status !== 'Actual' && <span class="chip" lang="en">{alert.status.toUpperCase()}</span>} {alert.headline || alert.parts[0]?.event}</h3>
      <p lang="en">by {alert.sender_name ?? alert.sender} · <time dateTime={iso(alert.sent_us)} title={both(alert.sent_us)}>{hm(alert.sent_us)} UTC</time>, {span(second_us.value - alert.sent_us)} ago</p>
      <p lang="en" class="soft">{VOUCHER[alert.standing] ?? 'nobody vouches for this'}{alert.contested && ' · contested: another message of the same name says something else'}</p>
      <p>{areas.slice(0, AREAS).join(', ')}{areas.length > AREAS && ` + ${areas.length - AREAS}`}</p>
      {page && <p lang="en"><a href={page} rel="noreferrer noopener" target="_blank">Their page</a></p>}
    </article>
  )
}

const Unheard = ({ feed }: { feed: Feed }) => <p class="unknown"><strong>{feed.name}</strong>: {feed.text || feed.state}{feed.answered_us !== null && `, heard ${span(second_us.value - feed.answered_us)} ago`}</p>
