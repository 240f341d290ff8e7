import type { Draft } from '../api'
import { Countdown } from '../Countdown'
import { present_second_us } from '../ticking'
import { both, hms, iso } from '../time'

/** When the deadline is, to the second, and what happens then. */
export function Due({ draft }: { draft: Draft }) {
  const then = draft.gate.at_deadline === 'issue' ? 'it GOES OUT BY ITSELF' : 'it is HELD: it does not go out until somebody decides'
  if (draft.standing === 'held') return <p class="due held"><strong>Held.</strong> The deadline passed at {hms(draft.due_us)} UTC. It does not go out until somebody decides.</p>
  const left = draft.due_us - present_second_us.value
  return (
    <p class={`due${left < 60e6 ? ' soon' : ''}`}>
      {left > 0 ? <><strong class="due-left"><Countdown us={left} /></strong> left. At <time dateTime={iso(draft.due_us)} title={both(draft.due_us)}>{hms(draft.due_us)} UTC</time> {then}.</> : <strong>The deadline is reached: {then}.</strong>}
    </p>
  )
}

/** Who has agreed, when, to which text; who is still asked. */
export function Agreed({ draft }: { draft: Draft }) {
  const needed = draft.gate.approvals
  const left = Math.max(needed - draft.approvals.length, 0)
  const text = draft.digest?.slice(0, 8) ?? ''
  return (
    <p class="agreed">
      {draft.approvals.length === 0 ? <strong>Nobody has agreed yet.</strong> : (
        <><strong>Agreed:</strong> {draft.approvals.map((name, n) => {
          const when = draft.agreed?.find((a) => a.by === name)?.at_us
          return <span key={name}>{n > 0 && ', '}<b>{name}</b>{when !== undefined && <> at <time dateTime={iso(when)} title={both(when)}>{hms(when)} UTC</time></>}</span>
        })}{text && <>, to text <code title={`SHA-256 of the words: ${draft.digest}`}>{text}</code></>}.</>
      )}{' '}
      {needed} {needed === 1 ? 'person is' : 'persons are'} needed{left > 0 && draft.approvals.length > 0 && `, ${left} more`}.
    </p>
  )
}
