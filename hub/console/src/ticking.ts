// The time of what is shown, second by second. The hub tells its clock now and then; between, this machine's clock carries it on at the pace that
// the hub's had. When nothing is heard, or the past is looked at, it stands still: a countdown must not run on a guess.

import { effect, signal } from '@preact/signals'
import { connection, now_us, past, present, present_us } from './hub'

/** Longest that the hub's clock is carried on without a word of it, milliseconds. */
const CARRIED_MS = 15_000

/** Time of what is shown, to the second; microseconds since the Unix epoch. */
export const second_us = signal(0)
/** The same for the present, whatever is looked at. */
export const present_second_us = signal(0)

let told = { hub_us: 0, here_ms: 0, pace: 1 }

effect(() => {
  const hub_us = present_us.value
  const here_ms = performance.now()
  const passed_ms = here_ms - told.here_ms
  // A replay may run faster than life; a clock that was set says nothing about the pace.
  const pace = told.hub_us > 0 && passed_ms > 200 ? (hub_us - told.hub_us) / 1e3 / passed_ms : told.pace
  told = { hub_us, here_ms, pace: pace > 2 && pace < 10_000 ? pace : 1 }
  tick()
})

function tick() {
  const passed_ms = Math.min(performance.now() - told.here_ms, CARRIED_MS)
  const still = connection.peek() !== 'open' || present.peek().stalled || told.hub_us === 0
  const live = still ? told.hub_us : told.hub_us + Math.max(passed_ms, 0) * 1e3 * told.pace
  const floor = (us: number) => Math.floor(us / 1e6) * 1e6
  // A carried clock may have run ahead of the hub's by less than it takes to hear of it; it waits then.
  const next = floor(live)
  const before = present_second_us.peek()
  const shown = next < before && before - next < 2e6 * told.pace ? before : next
  present_second_us.value = shown
  second_us.value = past.peek() ? floor(now_us.peek()) : shown
}

effect(() => { void past.value; void now_us.value; tick() })
setInterval(tick, 200)
