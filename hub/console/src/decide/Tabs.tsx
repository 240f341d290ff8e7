import type { ComponentChildren } from 'preact'
import { useSignal } from '@preact/signals'
import { useId, useRef } from 'preact/hooks'

export interface Tab { id: string; name: string; lang?: string; body: () => ComponentChildren }

/** Tabs as the ARIA practices have them: arrows move between them, and one is in the tab order. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const chosen = useSignal<string | null>(null)
  const prefix = useId()
  const list = useRef<HTMLDivElement>(null)
  const now = tabs.find((t) => t.id === chosen.value) ?? tabs[0]
  if (!now) return null
  const move = (event: KeyboardEvent) => {
    const at = tabs.indexOf(now)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key]
    const next = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length]
    if (!next) return
    event.preventDefault()
    chosen.value = next.id
    list.current?.querySelector<HTMLElement>(`[data-tab="${CSS.escape(next.id)}"]`)?.focus()
  }
  return (
    <div class="tabs">
      <div ref={list} role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map((t) => (
          <button key={t.id} type="button" role="tab" id={`${prefix}-${t.id}`} data-tab={t.id} lang={t.lang} aria-selected={t === now} aria-controls={`${prefix}-panel`} tabIndex={t === now ? 0 : -1}
            onClick={() => { chosen.value = t.id }}>{t.name}</button>
        ))}
      </div>
      <div role="tabpanel" id={`${prefix}-panel`} aria-labelledby={`${prefix}-${now.id}`} tabIndex={0} class="tab-panel">{now.body()}</div>
    </div>
  )
}
