import type { StationState } from './api'
import { STATE_SHAPE, STATE_WORD } from './quality'
import './state-mark.css'

/** The state of a station: shape, colour and word. */
export function StateMark({ state }: { state: StationState }) {
  return <span class={`state-mark ${state}`}><span aria-hidden="true">{STATE_SHAPE[state]}</span> {STATE_WORD[state]}</span>
}
