// Edges and nodes, the worst first.

import type { HealthView } from '../api'

export type Edge = HealthView['edges'][number]
export type Node = Edge['nodes'][number]

/** A clock that is off by more than this shifts arrivals on the screen and is worth a call. */
export const CLOCK_MS = 500
/** Live data older than this is late. */
export const LAG_S = 60
/** The clocks of good nodes drift by less; tens of parts in a million are a fault or a cold crystal. */
export const DRIFT_PPB = 50_000

export const clock_off = (edge: Edge) => edge.clock_offset_ms !== null && Math.abs(edge.clock_offset_ms) > CLOCK_MS
export const lagging = (edge: Edge) => edge.lag_s !== null && edge.lag_s > LAG_S
const silent = (edge: Edge) => edge.nodes.filter((n) => n.silent).length

/** How bad: offline before unknown, before what is slow, loses or has silent nodes. */
export function badness(edge: Edge): number {
  const state = edge.online === false ? 1000 : edge.online === null ? 500 : 0
  return state + (lagging(edge) ? 100 : 0) + (clock_off(edge) ? 80 : 0) + (edge.lost > 0 ? 60 : 0) + Math.min(50, silent(edge)) + (edge.gaps > 0 ? 5 : 0) + ((edge.outbox ?? 0) > 0 ? 1 : 0)
}

export const worst_edges = (edges: Edge[]) => [...edges].sort((a, b) => badness(b) - badness(a) || a.id.localeCompare(b.id))

const node_badness = (n: Node) => (n.silent ? 1000 : 0) + (n.lost > 0 ? 100 : 0) + (n.drift_ppb !== null && Math.abs(n.drift_ppb) > DRIFT_PPB ? 10 : 0)
export const worst_nodes = (edges: Edge[]) =>
  edges.flatMap((edge) => edge.nodes.map((node) => ({ edge: edge.id, node })))
    .sort((a, b) => node_badness(b.node) - node_badness(a.node) || b.node.lost - a.node.lost || a.node.node.localeCompare(b.node.node))
export const troubled = (n: Node) => node_badness(n) > 0

/** A clock's error in a unit that can be read at a glance. */
export const off_by = (ms: number) => (Math.abs(ms) < 10_000 ? signed(ms, 0, 'ms') : Math.abs(ms) < 600_000 ? signed(ms / 1000, 1, 's') : signed(ms / 60_000, 0, 'min'))

/** A number with its sign and unit. */
export const signed = (value: number, digits: number, unit: string) => `${value > 0 ? '+' : value < 0 ? '\u2212' : ''}${Math.abs(value).toFixed(digits)} ${unit}`
