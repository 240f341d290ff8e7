import { useMemo, useState } from 'preact/hooks'
import { focus } from '../focus'
import { now_us, shown } from '../hub'
import { sentence, stations_of, STEP_US, time_of, WINDOWS, type Window } from './city'
import { Energy } from './Energy'
import { Situations } from './Situations'
import { Traffic } from './Traffic'
import './city.css'

type Part = 'both' | 'traffic' | 'energy'
const PARTS: readonly [Part, string][] = [['both', 'Both'], ['traffic', 'Traffic'], ['energy', 'Electricity']]

/** Roads and electricity: now, before, and in the event. */
export function CityRoom() {
  const [part, set_part] = useState<Part>('both')
  const [window, set_window] = useState<Window>('6h')
  const [text, set_text] = useState('')
  const [troubled, set_troubled] = useState(false)
  const { stations, outages, situations, ready } = shown.value
  const event = focus.value
  const all = useMemo(() => ({ roads: stations_of(stations.values(), 'traffic', '', false), meters: stations_of(stations.values(), 'energy', '', false) }), [stations])
  const step = Math.ceil(now_us.value / STEP_US)
  const range = useMemo(() => time_of(window, step * STEP_US, event), [window, step, event?.id, event?.over_us])
  const roads = stations_of(all.roads, 'traffic', text, troubled)
  const meters = stations_of(all.meters, 'energy', text, troubled)
  if (all.roads.length + all.meters.length === 0) {
    return (
      <div class="city">
        <section class="card"><h2>City</h2><p>{ready ? 'This deployment has no traffic stations and no electricity meters: nothing can be said here about roads or power. That is not a sign that all is well there.' : 'Not known yet: the hub is starting.'}</p></section>
        {situations.length > 0 && <Situations situations={situations} />}
      </div>
    )
  }
  const say = sentence(all.roads, all.meters, outages)
  return (
    <div class="city">
      <section class="card verdict" data-state={say.state} aria-label="The city in a sentence" aria-live="polite"><p>{say.text}</p>{say.more !== '' && <p>{say.more}</p>}</section>
      <form class="card city-filters" onSubmit={(e) => e.preventDefault()} aria-label="What is shown">
        <fieldset><legend>Show</legend>{PARTS.map(([id, name]) => <button key={id} type="button" aria-pressed={part === id} onClick={() => set_part(id)}>{name}</button>)}</fieldset>
        <fieldset><legend>Time</legend>{WINDOWS.map(([id, name]) => <button key={id} type="button" aria-pressed={window === id} disabled={id === 'event' && event === null} title={id === 'event' && event !== null ? event.title : undefined} onClick={() => set_window(id)}>{name}</button>)}</fieldset>
        <label>Name <input type="search" value={text} maxLength={80} onInput={(e) => set_text(e.currentTarget.value)} /></label>
        <label><input type="checkbox" checked={troubled} onChange={(e) => set_troubled(e.currentTarget.checked)} /> Only where something is wrong</label>
      </form>
      <Situations situations={situations} />
      {part !== 'energy' && <Traffic stations={roads} known={all.roads.length} situations={situations} range={range} event={event} />}
      {part !== 'traffic' && <Energy stations={meters} known={all.meters.length} outages={outages} situations={situations} range={range} event={event} />}
    </div>
  )
}
