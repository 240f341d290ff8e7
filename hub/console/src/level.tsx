// Levels as words and colours, the same in every room.

import type { Grade, Level } from './api'

export const RANK: Record<Level | Grade | 'limit', number> = { none: 0, information: 0, limit: 1, advisory: 2, warning: 3, major: 4 }

/** A forecast below an advisory is a forecast, not an all-clear. */
const WORDS: Record<string, string> = { none: 'Below advisory', information: 'Information', limit: 'Limit', advisory: 'Advisory', warning: 'Warning', major: 'Major warning' }

export const level_word = (level: Level | Grade | 'limit') => WORDS[level] ?? level

/** A level as a word in its colour; the bars before it tell levels apart without colour. */
export function LevelMark({ level, large }: { level: Level | Grade | 'limit'; large?: boolean }) {
  const bars = Math.max((RANK[level] ?? 0) - 1, 0)
  return (
    <span class={`level level-${level}${large ? ' large' : ''}`}>
      <span aria-hidden="true" class="level-bars">{[1, 2, 3].map((n) => <span key={n} class={n <= bars ? 'on' : ''} />)}</span> {level_word(level)}
    </span>
  )
}
