import type { Desk, Draft } from '../api'
import { usePolled } from '../poll'
import { both, iso, words } from '../time'
import { logged_in } from '../who'
import { LEVEL_WORD } from './say'
import { Wide } from '../Wide'

const grade = (d: Draft) => (d.grade === 'information' ? 'Information' : LEVEL_WORD[d.grade])

/** Who proposed and who approved what; told to those who may see the desk. */
export function Decisions({ event }: { event: string }) {
  const { data, error } = usePolled<Desk>(logged_in.value ? 'api/desk' : null, 0)
  const drafts = data?.drafts.filter((d) => d.event === event).sort((a, b) => a.proposed_us - b.proposed_us) ?? []
  return (
    <section class="card" aria-labelledby="decisions-h">
      <h2 id="decisions-h">Decisions</h2>
      {!logged_in.value && <p class="condition">Who decided is told to officers only: log in, and this part is filled.</p>}
      {error !== '' && <p class="condition">The desk cannot be read: {error}</p>}
      {data && drafts.length === 0 && <p class="empty">The desk keeps no draft of this event any more, or nobody was asked: then messages went out by the rules alone.</p>}
      {drafts.length > 0 && (
        <Wide label="Decisions"><table>
          <thead><tr><th scope="col">Draft</th><th scope="col">Proposed</th><th scope="col">By</th><th scope="col">Reason</th><th scope="col">Approved by</th><th scope="col">What became of it</th></tr></thead>
          <tbody>{drafts.map((d) => (
            <tr key={d.id}>
              <th scope="row">{d.ending ? 'Cancellation' : grade(d)} <span class="soft">{d.digest ? d.digest.slice(0, 12) : ''}</span></th>
              <td><time dateTime={iso(d.proposed_us)}>{both(d.proposed_us)}</time></td>
              <td>{d.author}</td><td>{d.reason || '-'}</td>
              <td>{d.approvals.length === 0 ? (d.gate.approvals === 0 ? 'nobody had to' : 'nobody') : d.approvals.join(', ')} <span class="soft">({d.gate.approvals} asked)</span></td>
              <td>{words(d.standing)}</td>
            </tr>
          ))}</tbody>
        </table></Wide>
      )}
      {data && <p class="soft">The desk's log has {data.records} records; the last one's hash is <code>{data.head}</code>. `watchfire audit` checks the chain.</p>}
    </section>
  )
}
