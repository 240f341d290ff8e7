// Keys. Each is announced under `?`, none acts while somebody types, and every one has a button that does the same.

import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

export interface Key { key: string; what: string; act: () => void }

const known = signal<Key[]>([])
export const keys = known

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))

window.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
  // A dialog that is open has the keys for itself.
  if (document.querySelector('dialog[open]')) return
  const found = known.value.findLast((k) => k.key === event.key)
  if (!found) return
  event.preventDefault()
  found.act()
})

/** Keys that hold while a component is there; the newest wins. */
export function useKeys(list: Key[], on: unknown[] = []) {
  useEffect(() => {
    known.value = [...known.value, ...list]
    return () => { known.value = known.value.filter((k) => !list.includes(k)) }
  }, on)
}
