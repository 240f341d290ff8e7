import { computed } from '@preact/signals'
import type { Alert } from '../api'
import { Countdown } from '../Countdown'
import { in_force, shown } from '../hub'
import { second_us } from '../ticking'
import { both, hm, iso } from '../time'

const RANK: Record<string, number> = { Extreme: 4, Severe: 3, Moderate: 2, Minor: 1 }
const AREAS = 12

const standing = computed(() => shown.value.alerts.filter((a) => in_force(a, second_us.value)).sort((a, b) => (RANK[b.severity] ?? 0) - (RANK[a.severity] ?? 0) || b.sent_us - a.sent_us))

/** Our own alerts that hold now, gravest first. While the hub has not read its journal nothing is known of them, and that is said. */
export function AlertsInForce() {
  const alerts = standing.value.filter((a) => a.msg_type !== 'Cancel')
  const ended = standing.value.filter((a) => a.msg_type === 'Cancel')
  return (
    <section class="card in-force" aria-labelledby="in-force-h">
      <h2 id="in-force-h">Alerts in force{alerts.length > 0 && `: ${alerts.length}`}</h2>
      <div aria-live="polite">
        {!shown.value.ready ? <p class="unknown">Not known: the hub has not read its journal.</p>
          : alerts.length === 0 ? <p class="empty">None of ours.</p> : alerts.map((alert) => <One key={alert.identifier} alert={alert} />)}
        {ended.map((alert) => <p key={alert.identifier} class="soft">Ended {hm(alert.sent_us)} UTC: {alert.headline}</p>)}
      </div>
    </section>
  )
}

function One({ alert }: { alert: Alert }) {
  const left = alert.expires_us - second_us.value
  return (
    <article class="alert" data-severity={alert.severity}>
      <h3>{alert.mode !== 'actual' && <span class="chip">{alert.mode.toUpperCase()}</span>} {alert.headline}</h3>
      <p><strong>{alert.severity}</strong> · {alert.msg_type === 'Update' ? 'updated' : 'sent'} <time dateTime={iso(alert.sent_us)} title={both(alert.sent_us)}>{hm(alert.sent_us)} UTC</time> · expires in <Countdown us={left} /></p>
      <p>{alert.areas.slice(0, AREAS).join(', ')}{alert.areas.length > AREAS && ` and ${alert.areas.length - AREAS} more`}</p>
      {alert.file && <p><a href={`cap/${encodeURIComponent(alert.file)}`}>Message as sent (CAP)</a></p>}
    </article>
  )
}
