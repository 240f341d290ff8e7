import type { Condition } from '../api'
import { now_us } from '../hub'
import { both, iso, span } from '../time'
import { advice, urgency } from './advice'

/** What degrades the hub, and what to do; what hurts warnings most comes first. */
export function Conditions({ conditions, ready }: { conditions: Condition[]; ready: boolean }) {
  const sorted = [...conditions].sort((a, b) => urgency(a.code) - urgency(b.code) || a.since_us - b.since_us)
  return (
    <section class="card" aria-labelledby="conditions-h">
      <h2 id="conditions-h">What is wrong</h2>
      <div aria-live="polite">
        {sorted.length === 0 && <p class="empty">{ready ? 'The hub reports nothing wrong with itself.' : 'Not known: the hub is starting.'}</p>}
        <ul class="conditions">
          {sorted.map((c) => (
            <li key={c.code}>
              <p><strong>{c.text}</strong> <span class="soft">for {span(now_us.value - c.since_us)}, since <time dateTime={iso(c.since_us)}>{both(c.since_us)}</time></span></p>
              <p class="do">{advice(c.code)}</p>
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}
