import { past, present_us } from '../hub'
import { useKeys } from '../keys'
import { link, place, ROOMS } from '../rooms'
import { both, day, hms, span } from '../time'
import { beside, gap_at, gaps_in, moment_label, share, type Moment } from './moments'
import { at_us, leave, pause, play, playing, seek, speed, SPEEDS, step, track, trouble, waiting } from './player'
import './scrubber.css'

const MINUTE_US = 60e6
const SHAPE: Record<Moment['kind'], string> = { quake: '✹', alert: '▲', cancel: '▽', forecast: '|', onset: '≈', over: '■' }
const KIND: Record<Moment['kind'], string> = { quake: 'earthquake', alert: 'message sent', cancel: 'cancellation', forecast: 'forecast', onset: 'wave at a station', over: 'end' }

function jump(forward: boolean) {
  const t = track.value
  const m = t && beside(t.moments, at_us.value ?? t.from_us, forward)
  if (m) { if (playing.value) pause(); seek(m.time_us) }
}

/** Goes through the past. `rooms`: links to the other rooms, which show the same time. */
export function Scrubber({ rooms = false }: { rooms?: boolean }) {
  useKeys([
    { key: 'p', what: 'Past: plays or pauses', act: () => (playing.value ? pause() : play()) },
    { key: ',', what: 'Past: a minute back', act: () => step(-MINUTE_US) },
    { key: '.', what: 'Past: a minute on', act: () => step(MINUTE_US) },
    { key: '<', what: 'Past: to the moment before', act: () => jump(false) },
    { key: '>', what: 'Past: to the next moment', act: () => jump(true) },
    { key: 'n', what: 'Past: back to now', act: leave },
  ])
  const t = track.value
  if (t === null || t.to_us <= t.from_us) return null
  const at = at_us.value ?? t.from_us
  const gaps = gaps_in(t.gaps, t)
  const gap = gap_at(gaps, at)
  return (
    <div class="scrubber" role="group" aria-label={`Go through ${t.title}`}>
      <div class="scrub-row">
        <button type="button" class="main" onClick={() => (playing.value ? pause() : play())}>{playing.value ? '❚❚ Pause' : '▶ Play'} <kbd>p</kbd></button>
        <label>Speed <select value={speed.value} onChange={(e) => { speed.value = SPEEDS.find((s) => s === Number(e.currentTarget.value)) ?? 60 }}>{SPEEDS.map((s) => <option key={s} value={s}>x{s}</option>)}</select></label>
        <button type="button" onClick={() => jump(false)} title="To the moment before (<)">« Moment</button>
        <button type="button" onClick={() => step(-MINUTE_US)} title="A minute back (,)">−1 min</button>
        <button type="button" onClick={() => step(MINUTE_US)} title="A minute on (.)">+1 min</button>
        <button type="button" onClick={() => jump(true)} title="To the next moment (>)">Moment »</button>
        <strong class="scrub-time">{at_us.value === null ? 'Now' : `${day(at)} ${hms(at)} UTC`}</strong>
        {at_us.value !== null && present_us.value > at && <span class="soft">{span(present_us.value - at)} before now</span>}
        {past.value !== null && <button type="button" onClick={leave}>Back to now <kbd>n</kbd></button>}
      </div>
      <div class="scrub-track">
        {gaps.map((g) => <span key={g.from_us} class="scrub-gap" style={{ left: `${share(g.from_us, t) * 100}%`, width: `${(share(g.to_us, t) - share(g.from_us, t)) * 100}%` }} title={`Nothing was recorded from ${both(g.from_us)} to ${both(g.to_us)}`} />)}
        {t.moments.filter((m) => m.time_us >= t.from_us && m.time_us <= t.to_us).map((m, n) => (
          <button key={`${m.time_us} ${m.kind} ${n}`} type="button" tabIndex={-1} class={`scrub-mark ${m.kind}`} style={{ left: `${share(m.time_us, t) * 100}%` }} title={moment_label(m)} aria-hidden="true" onClick={() => seek(m.time_us)}>{SHAPE[m.kind]}</button>
        ))}
      </div>
      <input type="range" min={Math.floor(t.from_us / 1e6)} max={Math.ceil(t.to_us / 1e6)} step={1} value={Math.round(at / 1e6)} aria-label="Time" aria-valuetext={both(at)}
        onInput={(e) => { if (playing.value) playing.value = false; seek(Number(e.currentTarget.value) * 1e6) }} />
      <div class="scrub-row ends"><span>{day(t.from_us)} {hms(t.from_us)}</span>
        <span class="scrub-keys">{[...new Set(t.moments.map((m) => m.kind))].map((k) => <span key={k} class={`scrub-key ${k}`}>{SHAPE[k]} {KIND[k]} </span>)}{gaps.length > 0 && <span class="scrub-key">▨ nothing recorded</span>}</span>
        <span>{day(t.to_us)} {hms(t.to_us)} UTC</span></div>
      <p role="status" class="scrub-status">
        {trouble.value !== '' ? <span class="error">{trouble.value}</span> : gap ? <strong>Nothing was recorded from {both(gap.from_us)} to {both(gap.to_us)}: what is shown is from before.</strong> : waiting.value && !playing.value ? 'Asking for that time.' : ''}
      </p>
      {rooms && past.value !== null && <p class="scrub-row">See this time in: {ROOMS.filter((r) => r.id !== place.value.room && r.id !== 'decide' && r.id !== 'health').map((r) => <a key={r.id} class="button" href={link(r.id, r.id === 'event' ? t.of : null)}>{r.name}</a>)}</p>}
    </div>
  )
}

/** The scrubber under the bands of other rooms, while they show the past. */
export function PastBar() {
  if (past.value === null || track.value === null || place.value.room === 'history') return null
  return <div class="past-bar no-print"><p><a href={link('history', track.value.of)}>{track.value.title}</a></p><Scrubber /></div>
}
