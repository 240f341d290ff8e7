import type { ComponentChildren } from 'preact'
import './wide.css'

/** A table that may be wider than the screen: it scrolls by itself, by keys too. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }) {
  return <div class="wide" role="region" aria-label={`${label}: table`} tabIndex={0}>{children}</div>
}
