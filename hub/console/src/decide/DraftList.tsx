import { useMemo } from 'preact/hooks'
import type { Draft } from '../api'
import { Countdown } from '../Countdown'
import { LevelMark } from '../level'
import { present_second_us } from '../ticking'
import { hm, words } from '../time'
import { told } from './cap'

/** Drafts as a list to choose from. */
export function DraftList({ drafts, chosen, choose, label }: { drafts: readonly Draft[]; chosen: string | null; choose: (id: string) => void; label: string }) {
  return (
    <ul class="drafts" aria-label={label}>
      {drafts.map((d) => <li key={d.id}><Row draft={d} on={d.id === chosen} choose={choose} /></li>)}
    </ul>
  )
}

function Row({ draft: d, on, choose }: { draft: Draft; on: boolean; choose: (id: string) => void }) {
  const headline = useMemo(() => told(d.xml)[0]?.headline ?? '', [d.xml])
  const zones = Object.keys(d.weight.zones).length
  return (
    <button type="button" class="draft-row" data-standing={d.standing} data-grade={d.grade} aria-current={on ? 'true' : undefined} onClick={() => choose(d.id)}>
      <span class="draft-top">
        {d.ending ? <strong>Calls back</strong> : <LevelMark level={d.grade} />}
        <Left draft={d} />
      </span>
      <span class="draft-head">{headline || d.reason || d.event}</span>
      <span class="soft">From {d.author}, {hm(d.proposed_us)} UTC: {d.reason}. {zones} {zones === 1 ? 'zone' : 'zones'}. {d.approvals.length} of {d.gate.approvals} agreed.</span>
    </button>
  )
}

function Left({ draft: d }: { draft: Draft }) {
  if (d.standing !== 'waiting') return <span class="chip">{words(d.standing)}</span>
  const left = d.due_us - present_second_us.value
  return <span class={`draft-left${left < 60e6 ? ' soon' : ''}`}>{left > 0 ? <Countdown us={left} /> : 'now'} <span class="soft">then {d.gate.at_deadline === 'issue' ? 'goes out' : 'is held'}</span></span>
}
