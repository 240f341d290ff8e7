import type { ZoneForecast } from '../api'
import { Countdown } from '../Countdown'
import { second_us } from '../ticking'
import { both, hm, iso, span } from '../time'

/** What is left until a wave arrives, to the second, and how well that is known; afterwards how long ago. */
export function Arrival({ zone, plain }: { zone: Pick<ZoneForecast, 'arrival_us' | 'arrival_sigma_s'>; plain?: boolean }) {
  const left = zone.arrival_us - second_us.value
  // The contract says one standard deviation; people mean "almost surely within": two.
  const within = span(zone.arrival_sigma_s * 2e6)
  return (
    <span class="arrival">
      <span class={left > 0 ? 'arrival-left' : 'arrival-gone'}>{left > 0 ? <Countdown us={left} /> : <>arrived {span(-left)} ago <span class="countdown-unit">by forecast</span></>}</span>
      {!plain && <span class="soft"> <time dateTime={iso(zone.arrival_us)} title={both(zone.arrival_us)}>{hm(zone.arrival_us)} UTC</time> ± {within}</span>}
    </span>
  )
}
