import { useMemo } from 'preact/hooks'
import type { Station } from '../api'
import { COVER_SHAPE, COVER_WORD, list, sentence, worst_first, type Coverage } from './coverage'
import { Wide } from '../Wide'

export function Verdict({ coverage }: { coverage: Coverage | null }) {
  const { text, more, state } = sentence(coverage)
  return <section class="card verdict" data-state={state} aria-label="Which coast is blind" aria-live="polite"><p>{text}</p>{more !== '' && <p>{more}</p>}</section>
}

/** Which coast is watched by which stations, and where from a tsunami would come unseen. */
export function Coasts({ coverage, stations }: { coverage: Coverage; stations: ReadonlyMap<string, Station> }) {
  const zones = useMemo(() => worst_first(coverage.zones), [coverage])
  const named = (ids: string[]) => (ids.length === 0 ? 'none' : list(ids.map((id) => stations.get(id)?.name ?? id), 4))
  if (zones.length === 0) return null
  return (
    <section class="card" aria-labelledby="coasts-h">
      <h2 id="coasts-h">Coasts</h2>
      {coverage.note !== '' && <p class="soft">{coverage.note}</p>}
      <Wide label="Coasts">
        <table>
          <thead><tr><th scope="col">Coast</th><th scope="col">Now</th><th scope="col" class="n">Lead time</th><th scope="col">Unseen from</th><th scope="col">Lost stations</th><th scope="col">Watched by</th></tr></thead>
          <tbody>{zones.map((z) => (
            <tr key={z.id} class={z.state === 'blind' || z.state === 'partly' ? 'bad' : undefined}>
              <th scope="row">{z.name}</th>
              <td class={`cover-${z.state}`}><span aria-hidden="true">{COVER_SHAPE[z.state]}</span> {COVER_WORD[z.state]}</td>
              <td class="n">{z.lead_min === null ? (z.state === 'blind' || z.state === 'unwatched' ? 'none' : 'not known') : z.lead_min <= 0 ? 'none' : `${Math.floor(z.lead_min)} min`}</td>
              <td>{z.blind_towards.length === 0 ? '-' : list(z.blind_towards, 4)}</td>
              <td>{named(z.lost)}</td>
              <td>{named(z.watchers)}</td>
            </tr>
          ))}</tbody>
        </table>
      </Wide>
    </section>
  )
}
