import { shown } from '../hub'
import { second_us } from '../ticking'
import { both, iso, span } from '../time'

/** What is wrong with the system itself, in the hub's words. */
export function Conditions() {
  const { conditions, ready } = shown.value
  return (
    <section class="card" aria-labelledby="conditions-h">
      <h2 id="conditions-h">Conditions{conditions.length > 0 && `: ${conditions.length}`}</h2>
      <div aria-live="polite">
        {conditions.length === 0
          ? <p class={ready ? 'empty' : 'unknown'}>{ready ? 'The system reports nothing wrong with itself.' : 'Not known yet.'}</p>
          : <ul class="plain-list">{conditions.map((c) => <li key={c.code} class="sign-fault"><strong>{c.text}</strong> <time class="soft" dateTime={iso(c.since_us)} title={both(c.since_us)}>for {span(second_us.value - c.since_us)}</time></li>)}</ul>}
      </div>
    </section>
  )
}
