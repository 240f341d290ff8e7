import type { HealthView } from '../api'
import { come_back, past, present, present_us, shown } from '../hub'
import { usePolled } from '../poll'
import { span } from '../time'
import { Conditions } from './Conditions'
import { Coasts, Verdict } from './Coasts'
import { Feeds, Sirens, Subscribers } from './Delivery'
import { Links } from './Links'
import { Machine } from './Machine'
import { StationHealth } from './StationHealth'
import './health.css'

const POLL_MS = 5_000
/** Numbers older than this are said to be old. */
const OLD_MS = 20_000

/** Links, losses, disk, clocks, delivery, and which coast is blind. Of the past only what the journal tells is shown. */
export function HealthRoom() {
  const back = past.value !== null
  const { data, error, absent, heard_ms } = usePolled<HealthView>(back ? null : 'api/health', POLL_MS)
  const state = shown.value
  const old_ms = heard_ms === null ? 0 : performance.now() - heard_ms
  // The clock of the hub moves each second and draws this anew, so that the age grows while nothing is heard.
  void present_us.value
  return (
    <div class="health">
      {back
        ? <section class="card"><h2>Health at a time of the past</h2><p>Links, disk, clocks, delivery and coverage are not kept: they are known of the present only. <button type="button" onClick={come_back}>Back to now</button></p></section>
        : <>
          {data && (error !== '' || old_ms > OLD_MS) && <p class="condition" role="alert">These numbers are {span(old_ms * 1000)} old. {error}</p>}
          {!data && error !== '' && <p class="condition" role="status">{absent ? 'This hub does not tell its links, disk and coverage (it is older, or still starting). Shown is what it tells otherwise.' : `The hub's health cannot be read: ${error}`}</p>}
          {!data && error === '' ? <section class="card verdict" data-state="unknown"><p>Asking which coast is blind.</p></section> : <Verdict coverage={data?.coverage ?? null} />}
        </>}
      <Conditions conditions={state.conditions} ready={state.ready} />
      {data && <Coasts coverage={data.coverage} stations={state.stations} />}
      {data && <Links edges={data.edges} now_us={data.now_us} />}
      {!back && <Subscribers list={data?.subscribers ?? present.value.subscribers} now_us={data?.now_us ?? present_us.value} />}
      <StationHealth stations={state.stations} />
      <div class="columns">
        {data && <Machine health={data} />}
        <Feeds feeds={state.others.feeds} />
        <Sirens zones={state.sirens} />
      </div>
    </div>
  )
}
