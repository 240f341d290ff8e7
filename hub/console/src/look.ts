// How the page looks: by day or night, and how large. Kept in the browser; nothing else is.

import { effect, signal } from '@preact/signals'

export type Theme = 'auto' | 'day' | 'night'
export type Size = 'desk' | 'large' | 'wall'

function kept<T extends string>(name: string, values: readonly T[], otherwise: T) {
  let value: string | null = null
  try { value = localStorage.getItem(name) } catch { /* storage is refused: the choice lasts until the page is closed */ }
  const found = signal<T>(values.find((v) => v === value) ?? otherwise)
  effect(() => { try { localStorage.setItem(name, found.value) } catch { /* as above */ } })
  return found
}

export const THEMES = ['auto', 'day', 'night'] as const
export const SIZES = ['desk', 'large', 'wall'] as const
export const theme = kept<Theme>('watchfire.theme', THEMES, 'auto')
export const size = kept<Size>('watchfire.size', SIZES, 'desk')
export const sound = kept<'on' | 'off'>('watchfire.sound', ['on', 'off'], 'on')

const dark = window.matchMedia('(prefers-color-scheme: dark)')
const system_dark = signal(dark.matches)
dark.addEventListener('change', () => { system_dark.value = dark.matches })

/** Whether it is night on this screen. */
export const night = signal(false)
effect(() => {
  night.value = theme.value === 'night' || (theme.value === 'auto' && system_dark.value)
  document.documentElement.dataset.theme = night.value ? 'night' : 'day'
  document.documentElement.dataset.size = size.value
})

/** A colour of the style sheet, for canvases. */
export const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
