// Quality flags of readings, as the wire names them, and states of stations in words and shapes.

import type { StationState } from './api'

const FLAGS: readonly [number, string][] = [[1, 'suspect'], [2, 'out of range'], [4, 'clock uncertain'], [8, 'backlog'], [16, 'missing'], [32, 'sensor fault'], [64, 'simulated'], [128, 'late']]
/** Flags that say where a value comes from, not that it is doubtful. */
const NOTES = 8 | 64

export const flags = (quality: number) => FLAGS.filter(([bit]) => (quality & bit) !== 0).map(([, name]) => name)
export const doubtful = (quality: number) => (quality & ~NOTES) !== 0

/** The worst first. */
export const STATES: readonly StationState[] = ['finding', 'fault', 'unknown', 'late', 'good']
export const state_rank = (state: StationState) => STATES.indexOf(state)
export const STATE_WORD: Record<StationState, string> = { finding: 'Finding', fault: 'Fault', unknown: 'No data', late: 'Late', good: 'Good' }
/** A shape for each, so that it can be told without colour. */
export const STATE_SHAPE: Record<StationState, string> = { finding: '★', fault: '■', unknown: '?', late: '▲', good: '●' }
