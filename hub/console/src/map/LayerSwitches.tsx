import { signal, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { hidden } from './feed'
import { GROUPS, type Group } from './style'

export const layers_open = signal(false)

const turn = (group: Group) => {
  const next = new Set(hidden.value)
  if (!next.delete(group)) next.add(group)
  hidden.value = next
}

export function LayerSwitches({ plain }: { plain: Signal<boolean> }) {
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => { first.current?.focus() }, [])
  return (
    <fieldset class="layers no-print" onKeyDown={(event) => { if (event.key === 'Escape') layers_open.value = false }}>
      <legend>The map shows</legend>
      {GROUPS.map((group, i) => (
        <label key={group.id}><input ref={i === 0 ? first : undefined} type="checkbox" checked={!hidden.value.has(group.id)} onChange={() => turn(group.id)} /> {group.name}</label>
      ))}
      <label><input type="checkbox" checked={plain.value} onChange={() => { plain.value = !plain.value }} /> Plain map, for slow machines</label>
      <button type="button" onClick={() => { layers_open.value = false }}>Close</button>
    </fieldset>
  )
}
