// Tones for what is new: a finding, a draft, an alert. Made here, so that nothing is fetched. Browsers allow sound only after somebody has
// clicked or typed on the page; until then `muted` says that nothing would be heard.

import { effect, signal } from '@preact/signals'
import { past, present } from './hub'
import { sound } from './look'

/** The browser lets no sound out yet. */
export const muted = signal(true)
/** What was sounded last, for those who do not hear and for tests. */
export const sounded = signal<{ what: Tone; count: number } | null>(null)

export type Tone = 'finding' | 'draft' | 'alert'

/** Frequencies in hertz, one after the other, and how long each sounds, seconds. */
const TONES: Record<Tone, [number[], number]> = { finding: [[660, 880], 0.18], draft: [[520, 520, 780], 0.14], alert: [[880, 660, 880, 660], 0.22] }

let context: AudioContext | null = null

function wake() {
  context ??= new AudioContext()
  void context.resume().then(() => { muted.value = context?.state !== 'running' })
}
for (const kind of ['pointerdown', 'keydown']) window.addEventListener(kind, wake, { once: true })

export function play(what: Tone) {
  sounded.value = { what, count: (sounded.value?.count ?? 0) + 1 }
  if (sound.value === 'off' || context?.state !== 'running') return
  const [notes, each] = TONES[what]
  notes.forEach((hertz, n) => {
    if (!context) return
    const [tone, gain] = [context.createOscillator(), context.createGain()]
    const [from, to] = [context.currentTime + n * each, context.currentTime + (n + 1) * each]
    tone.frequency.value = hertz
    gain.gain.setValueAtTime(0, from)
    gain.gain.linearRampToValueAtTime(0.25, from + 0.02)
    gain.gain.linearRampToValueAtTime(0, to)
    tone.connect(gain).connect(context.destination)
    tone.start(from)
    tone.stop(to)
  })
}

/** Sounds what is new in the present; called once. What was there when the page opened is not new. */
export function watch_for_news() {
  let before: { findings: Set<string>; alerts: number } | null = null
  effect(() => {
    const state = present.value
    if (!state.ready) return
    const findings = new Set([...state.stations.values()].filter((s) => s.state === 'finding').map((s) => s.id))
    const now = { findings, alerts: state.alerts.length }
    if (before) {
      if (now.alerts > before.alerts) play('alert')
      else if ([...findings].some((id) => !before?.findings.has(id))) play('finding')
    }
    before = now
  })
  // Somebody who looks at the past hears the present all the same.
  effect(() => { if (past.value) document.documentElement.dataset.past = 'yes'; else delete document.documentElement.dataset.past })
}
