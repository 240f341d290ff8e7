// What to do about a condition, by its code. The hub's text says what it is; this says whom it hurts and the next step.

const ADVICE: readonly [string, string][] = [
  ['journal', 'Readings are taken and detectors work, but a restart would not know them. Free space on the hub\'s disk or mend it. Edges keep their copies until then.'],
  ['alert_log', 'Alerts still go out; the record of them cannot be written. Free space on the hub\'s disk, then look whether this goes away. Keep a written log by hand until then.'],
  ['desk', 'Tell the public by the other means of your plan now, and call the administrator.'],
  ['signature_ends', 'Have the certificate renewed before that time. Messages go out unsigned after it, and receivers may refuse them.'],
  ['signature', 'Messages go out without a signature; receivers that insist on one refuse them. Have the signing key and its certificate checked.'],
  ['clock_back', 'Have the time service (NTP) of the hub\'s machine checked. The hub holds its own time until the clock has caught up.'],
  ['hub_clock', 'No detector can be relied on until the clock is right. Have the time service (NTP) of the hub\'s machine checked at once; watch by neighbours\' bulletins meanwhile.'],
  ['coverage_lost', 'Part of the coast is not watched as planned. See "Coasts" below; call whoever keeps the lost stations, and ask the neighbouring centre to watch that sea.'],
  ['broker_down', 'Nothing arrives from any station. Have the message broker and the network to it checked. Watch by neighbours\' bulletins meanwhile.'],
  ['sirens_unreachable', 'These sirens may not sound. Have their link checked, and plan for cars with loudspeakers, radio and calls there.'],
  ['siren_counter', 'Siren commands cannot be numbered safely. Have the hub\'s disk checked; sound sirens by hand if needed.'],
  ['alert_feed_', 'Alerts of that sender may be missing here. Open the sender\'s own page or call the centre.'],
  ['others_record', 'What others warn of is shown, but not kept. Have the hub\'s disk checked.'],
  ['relief_', 'Numbers of people and places rest on old or missing lists and may be too low. Have the source checked; the warning itself does not depend on it.'],
  ['quake_feed_', 'Earthquakes of that agency may come late or not at all. Watch the agency\'s own page, and write the message yourself if needed (Decide).'],
  ['subscriber_dead_', 'They get nothing until the hub is started anew: call them, and have it restarted when no event is on.'],
  ['subscriber', 'Whoever is named does not get our messages. Call them, and see "Delivery" below for the error.'],
  ['accounts', 'Nobody new can log in until the file of accounts can be read. Call the administrator.'],
  ['sessions', 'Those who are logged in may have to log in again after a restart. Call the administrator.'],
  ['tokens_expire', 'Have the token renewed before it ends; the machine that uses it is shut out after that.'],
]

const OTHERWISE = 'Call the administrator and read the text to them.'

export const advice = (code: string) => ADVICE.find(([start]) => code.startsWith(start))?.[1] ?? OTHERWISE

/** What hurts warnings first comes first. */
export const urgency = (code: string) => {
  const at = ['hub_clock', 'broker_down', 'coverage_lost', 'desk', 'sirens_', 'alert_log', 'journal', 'clock_back', 'signature'].findIndex((start) => code.startsWith(start))
  return at < 0 ? 99 : at
}
