import { useState } from 'preact/hooks'
import { both, span } from '../time'
import { badness, clock_off, lagging, off_by, signed, troubled, worst_edges, worst_nodes, type Edge } from './links'
import { Wide } from '../Wide'

const ROWS = 100

const word = (edge: Edge) => (edge.online === null ? '? Unknown' : edge.online ? '● Online' : '✕ Offline')

/** Edges and their nodes: who is heard, how late, what is lost, whose clock is off. */
export function Links({ edges, now_us }: { edges: Edge[]; now_us: number }) {
  const [all, show_all] = useState(false)
  const nodes = worst_nodes(edges)
  const shown = nodes.slice(0, all ? nodes.length : ROWS)
  const off = edges.filter((e) => e.online === false).length
  const unknown = edges.filter((e) => e.online === null).length
  const silent = nodes.filter((n) => n.node.silent).length
  return (
    <section class="card" aria-labelledby="links-h">
      <h2 id="links-h">Links</h2>
      {edges.length === 0
        ? <p class="empty">No edge is known here. Stations come by open feeds, or none has reported since the hub started.</p>
        : <>
          <p>{edges.length} {edges.length === 1 ? 'edge' : 'edges'}: {off} offline, {unknown} unknown. {nodes.length} {nodes.length === 1 ? 'node' : 'nodes'}: {silent} silent.</p>
          <h3>Edges</h3>
          <Wide label="Edges">
            <table>
              <thead><tr><th scope="col">Edge</th><th scope="col">Link</th><th scope="col">Last heard</th><th scope="col" class="n">Lag</th><th scope="col" class="n">Waiting there</th>
                <th scope="col" class="n">Gaps</th><th scope="col" class="n">Lost readings</th><th scope="col" class="n">Clock off by</th><th scope="col">Program</th></tr></thead>
              <tbody>{worst_edges(edges).slice(0, ROWS).map((e) => (
                <tr key={e.id} class={badness(e) >= 50 ? 'bad' : undefined}>
                  <th scope="row">{e.id}</th>
                  <td>{word(e)}</td>
                  <td>{e.last_us === null ? 'never' : <span title={both(e.last_us)}>{span(now_us - e.last_us)} ago</span>}</td>
                  <td class="n">{e.lag_s === null ? 'not known' : <span class={lagging(e) ? 'old' : undefined}>{span(e.lag_s * 1e6)}</span>}</td>
                  <td class="n">{e.outbox === null ? 'not known' : `${e.outbox} batches`}</td>
                  <td class="n">{e.gaps}</td>
                  <td class="n">{e.lost}</td>
                  <td class="n">{e.clock_offset_ms === null ? 'not known' : <span class={clock_off(e) ? 'old' : undefined}>{off_by(e.clock_offset_ms)}</span>}</td>
                  <td>{e.version || 'not told'}</td>
                </tr>
              ))}</tbody>
            </table>
          </Wide>
          {edges.length > ROWS && <p class="soft">and {edges.length - ROWS} more edges, none worse than the last one shown.</p>}
        </>}
      {nodes.length > 0 && <>
        <h3>Nodes</h3>
        <Wide label="Nodes">
          <table>
            <thead><tr><th scope="col">Node</th><th scope="col">Station</th><th scope="col">Edge</th><th scope="col">Heard</th><th scope="col" class="n">Lost readings</th><th scope="col" class="n">Clock drift</th><th scope="col" class="n">Starts</th><th scope="col">Program</th></tr></thead>
            <tbody>{shown.map(({ edge, node: n }) => (
              <tr key={`${edge} ${n.node}`} class={troubled(n) ? 'bad' : undefined}>
                <th scope="row">{n.node}</th><td>{n.station}</td><td>{edge}</td>
                <td>{n.silent ? '✕ Silent' : '● Heard'}</td>
                <td class="n">{n.lost}</td>
                <td class="n">{n.drift_ppb === null ? 'not known' : signed(n.drift_ppb / 1000, 1, 'ppm')}</td>
                <td class="n">{n.boot}</td><td>{n.version || 'not told'}</td>
              </tr>
            ))}</tbody>
          </table>
        </Wide>
        {shown.length < nodes.length && <p>and {nodes.length - shown.length} more, none worse. <button type="button" onClick={() => show_all(true)}>Show all</button></p>}
      </>}
    </section>
  )
}
