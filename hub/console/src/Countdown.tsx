import { countdown } from './time'

/** A countdown to the second that says what its digits are. */
export const Countdown = ({ us }: { us: number }) => <span class="countdown">{countdown(us)} <span class="countdown-unit">{Math.round(us / 1e6) < 3600 ? 'min:s' : 'h:min:s'}</span></span>
