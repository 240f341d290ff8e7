import { come_back, connection, heard, now_us, past, present, trouble } from '../hub'
import { both, span } from '../time'

const MODE = {
  exercise: 'Nothing of our own on this page is real. Take no action.',
  test: 'Technical test. Nothing of our own on this page is real.',
}

/** What must not be overlooked: the mode, a lost connection, a hub that stands still, a look at the past. */
export function Bands() {
  const { mode, stalled, ready, others } = present.value
  const real = mode !== 'actual' && others.actual.length > 0
  return (
    <aside class="bands" aria-label="Notices">
      {mode !== 'actual' && (
        <p class={`band ${mode}`} role="note">
          <strong>{mode.toUpperCase()}</strong> <span>{MODE[mode]}{real && ' Alerts of other senders marked ACTUAL are real.'}</span>
        </p>
      )}
      {connection.value === 'lost' && (
        <p class="band lost" role="alert">
          <strong>CONNECTION LOST</strong>
          <span>What is shown is old: nothing was heard for {span((performance.now() - heard.value) * 1000)}. {trouble.value} Trying again.</span>
        </p>
      )}
      {stalled && <p class="band lost" role="alert"><strong>HUB STALLED</strong> <span>The hub's clock stands still: nothing is being assessed.</span></p>}
      {connection.value === 'open' && !ready && <p class="band lost" role="alert"><strong>STARTING</strong> <span>The hub is reading its journal; alerts are not known yet.</span></p>}
      {past.value && (
        <p class="band past" role="status">
          <strong>THE PAST</strong> <span>You see {both(now_us.value)}.</span> <button type="button" onClick={come_back}>Back to now</button>
        </p>
      )}
    </aside>
  )
}
