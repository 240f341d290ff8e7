import type { Feed, SirenZone, Subscriber } from '../api'
import { now_us as shown_us } from '../hub'
import { both, span, words } from '../time'
import { Wide } from '../Wide'

const STATE: Record<Subscriber['state'], [string, number]> = { blocked: ['✕ Blocked', 0], expired: ['✕ Message expired', 1], backing_off: ['▲ Failing, tries again', 2], delivering: ['▶ Delivering', 3], idle: ['● Idle', 4] }
const rank = (s: Subscriber) => STATE[s.state]?.[1] ?? 1

/** Whether those who are to be told are told. */
export function Subscribers({ list, now_us }: { list: Subscriber[]; now_us: number }) {
  const sorted = [...list].sort((a, b) => rank(a) - rank(b) || b.waiting - a.waiting || a.name.localeCompare(b.name))
  return (
    <section class="card" aria-labelledby="delivery-h">
      <h2 id="delivery-h">Delivery</h2>
      {sorted.length === 0 ? <p class="empty">Nobody is pushed to, or you may not see it. Feeds and pages are read by whoever comes.</p> : (
        <Wide label="Delivery">
          <table>
            <thead><tr><th scope="col">Subscriber</th><th scope="col">State</th><th scope="col" class="n">Waiting</th><th scope="col">Last delivered</th><th scope="col" class="n">Refused</th><th scope="col" class="n">Expired</th><th scope="col" class="n">In doubt</th><th scope="col">Last error</th></tr></thead>
            <tbody>{sorted.map((s) => (
              <tr key={s.name} class={rank(s) < 3 || s.refused + s.expired + s.dropped + s.missed > 0 ? 'bad' : undefined}>
                <th scope="row">{s.name} <span class="soft">{s.kind}</span></th>
                <td>{STATE[s.state]?.[0] ?? words(s.state)}{s.failing_since_us !== null && <span class="old"> for {span(now_us - s.failing_since_us)}</span>}</td>
                <td class="n">{s.waiting}</td>
                <td>{s.last_delivered_us === null ? 'nothing yet' : <span title={`${s.last_delivered ?? ''} ${both(s.last_delivered_us)}`}>{span(now_us - s.last_delivered_us)} ago</span>} <span class="soft">({s.delivered} in all)</span></td>
                <td class="n">{s.refused}</td><td class="n">{s.expired}{s.dropped + s.missed > 0 && ` (+${s.dropped + s.missed} dropped or missed)`}</td><td class="n">{s.in_doubt}</td>
                <td>{s.last_error ?? '-'}</td>
              </tr>
            ))}</tbody>
          </table>
        </Wide>
      )}
    </section>
  )
}

/** Whether other senders are heard. A feed that is not known says nothing about the sea. */
export function Feeds({ feeds }: { feeds: Feed[] }) {
  if (feeds.length === 0) return null
  const sorted = [...feeds].sort((a, b) => Number(a.known) - Number(b.known) || a.name.localeCompare(b.name))
  return (
    <section class="card" aria-labelledby="feeds-h">
      <h2 id="feeds-h">Other senders' feeds</h2>
      <Wide label="Other senders' feeds"><table>
        <thead><tr><th scope="col">Feed</th><th scope="col">State</th><th scope="col">Last answer</th><th scope="col" class="n">Listed</th><th scope="col" class="n">Unread</th></tr></thead>
        <tbody>{sorted.map((f) => (
          <tr key={f.name} class={f.known ? undefined : 'bad'}>
            <th scope="row">{f.name}</th><td>{f.known ? '● Read' : `? Unknown: ${words(f.state).toLowerCase()}`} <span class="soft">{f.text}</span></td>
            <td>{f.answered_us === null ? 'never' : `${span(shown_us.value - f.answered_us)} ago`}</td><td class="n">{f.listed}</td><td class="n">{f.unread}</td>
          </tr>
        ))}</tbody>
      </table></Wide>
    </section>
  )
}

/** Sirens by zone. One that does not answer is unknown, never silent. */
export function Sirens({ zones }: { zones: SirenZone[] }) {
  if (zones.length === 0) return null
  const sorted = [...zones].sort((a, b) => b.failed + b.unknown - (a.failed + a.unknown) || a.id.localeCompare(b.id))
  return (
    <section class="card" aria-labelledby="health-sirens-h">
      <h2 id="health-sirens-h">Sirens</h2>
      <Wide label="Sirens"><table>
        <thead><tr><th scope="col">Zone</th><th scope="col">Order</th><th scope="col" class="n">Sirens</th><th scope="col" class="n">Acknowledged</th><th scope="col" class="n">Sounding</th><th scope="col" class="n">Failed</th><th scope="col" class="n">Unknown</th></tr></thead>
        <tbody>{sorted.map((z) => {
          const bad = z.sirens.filter((s) => s.state === 'failed' || s.state === 'refused' || s.state === 'unknown')
          return (
            <tr key={z.id} class={z.failed + z.unknown > 0 ? 'bad' : undefined}>
              <th scope="row">{z.id}{bad.length > 0 && <span class="soft"> {bad.slice(0, 6).map((s) => `${s.id}: ${s.state}${s.reason ? ` (${s.reason})` : ''}`).join('; ')}{bad.length > 6 && ` and ${bad.length - 6} more`}</span>}</th>
              <td>{z.order ? `${z.order.signal}${z.order.mode === 'actual' ? '' : `, ${z.order.mode.toUpperCase()}`}, for ${span(shown_us.value - z.order.since_us)}` : 'none'}</td>
              <td class="n">{z.expected}</td><td class="n">{z.order ? z.acknowledged : '-'}</td><td class="n">{z.sounding}</td><td class="n">{z.failed}</td><td class="n">{z.unknown}</td>
            </tr>
          )
        })}</tbody>
      </table></Wide>
    </section>
  )
}
