import { focus } from '../focus'
import { shown } from '../hub'
import { level_word } from '../level'
import { STATES, STATE_WORD } from '../quality'
import { hidden } from './feed'
import { forecast } from './forecast'
import { height_share, HEIGHT_TICKS_M } from './heights'
import { SPEEDS, type Sign } from './icons'
import { places } from './places'
import { on } from './scene'
import type { Group } from './style'
import { LevelSwatch, ScaleSwatch, SignSwatch, StrokeSwatch, type Stroke } from './Swatch'

const SPEED_WORDS = ['under 15 km/h', '15 to 35 km/h', '35 to 60 km/h', '60 km/h and more'] as const
const LEVELS = ['major', 'warning', 'advisory', 'none'] as const
const WIDTH = 170

const shows = (group: Group) => !hidden.value.has(group)

/** What the signs mean that are on the map now; what is not there is not explained. */
export function Legend() {
  const { stations, others, outages } = shown.value
  const traffic = [...stations.values()].some((s) => s.domain === 'traffic')
  const view = places.value
  const event = focus.value
  return (
    <details class="legend" open={window.matchMedia('(min-width: 701px)').matches}>
      <summary>Legend</summary>
      {shows('stations') && <ul aria-label="Stations">{STATES.map((state) => <Row key={state} sign={state}>{STATE_WORD[state]}</Row>)}</ul>}
      {shows('zones') && view && (
        <ul aria-label="Zones">
          {LEVELS.map((level) => <li key={level}><LevelSwatch level={level} /> {level === 'none' ? `Zone, ${on.value.length > 0 ? 'forecast below advisory' : 'no event'}` : `${level_word(level)}${on.value.length > 0 ? ' forecast' : ''}`}</li>)}
          <Line stroke="warned">Thick rim: our alert is in force</Line>
        </ul>
      )}
      {event && (
        <ul aria-label="Event">
          {shows('source') && <Row sign={event.source.kind === 'earthquake' ? 'epicentre' : 'waves'}>{event.source.kind === 'earthquake' ? 'Epicentre' : 'Where waves were seen first'}</Row>}
          {shows('front') && forecast.value?.travel && <Line stroke="front">First wave at this time</Line>}
          {shows('isochrones') && forecast.value?.travel && <Line stroke="isochrone">Arrival after the earthquake</Line>}
        </ul>
      )}
      {shows('heights') && forecast.value?.heights && (
        <div class="scale" role="img" aria-label={`Greatest height forecast, metres, from ${HEIGHT_TICKS_M[0]} to ${HEIGHT_TICKS_M.at(-1)} on a logarithmic scale`}>
          <p>Greatest height forecast, m</p>
          <div><ScaleSwatch width={WIDTH} /><div class="ticks" aria-hidden="true">{HEIGHT_TICKS_M.map((m) => <span key={m} style={{ left: `${height_share(m) * WIDTH}px` }}>{m}</span>)}</div></div>
        </div>
      )}
      <ul aria-label="Others">
        {shows('others') && others.actual.length + others.not_actual.length > 0 && <Line stroke="other">Area of another sender's alert</Line>}
        {shows('outages') && outages.length > 0 && <Line stroke="outage">Power outage</Line>}
        {shows('sirens') && (view?.sirens.length ?? 0) > 0 && (['siren', 'siren-sounding', 'siren-failed', 'siren-unknown'] as const).map((sign) => <Row key={sign} sign={sign}>{SIREN_WORDS[sign]}</Row>)}
        {shows('shelters') && (view?.shelters.length ?? 0) > 0 && <Row sign="shelter">Shelter (seen close up)</Row>}
        {traffic && SPEEDS.map((sign, n) => <Row key={sign} sign={sign}>{SPEED_WORDS[n]}</Row>)}
      </ul>
    </details>
  )
}

const SIREN_WORDS = { siren: 'Siren, quiet', 'siren-sounding': 'Siren sounding', 'siren-failed': 'Siren failed in this zone', 'siren-unknown': 'Siren: not known whether it sounds' } as const
const Row = ({ sign, children }: { sign: Sign; children: preact.ComponentChildren }) => <li><SignSwatch sign={sign} /> {children}</li>
const Line = ({ stroke, children }: { stroke: Stroke; children: preact.ComponentChildren }) => <li><StrokeSwatch stroke={stroke} /> {children}</li>
