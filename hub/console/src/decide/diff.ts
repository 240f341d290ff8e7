// The difference between two texts, word by word.

export interface Piece { text: string; in: 'both' | 'before' | 'after' }

/** Texts of more words are shown whole, one after the other: the table below grows with the product. */
const MOST_WORDS = 1_500
/** Texts that share fewer of their words are two texts: word by word they would be a puzzle. */
const SHARED = 0.35

const cut = (text: string) => text.match(/\s+|[^\s]+/gu) ?? []

/** What is in both, only before and only after, in reading order (longest common subsequence of words). */
export function difference(before: string, after: string): Piece[] {
  if (before === after) return before === '' ? [] : [{ text: before, in: 'both' }]
  const [a, b] = [cut(before), cut(after)]
  if (a.length > MOST_WORDS || b.length > MOST_WORDS) return joined([{ text: before, in: 'before' }, { text: after, in: 'after' }])
  const wide = b.length + 1
  const longest = new Uint16Array((a.length + 1) * wide)
  const at = (i: number, j: number) => longest[i * wide + j] as number
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) longest[i * wide + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
  }
  const pieces: Piece[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { pieces.push({ text: a[i] as string, in: 'both' }); i++; j++ }
    else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) pieces.push({ text: a[i++] as string, in: 'before' })
    else pieces.push({ text: b[j++] as string, in: 'after' })
  }
  const said = (list: readonly string[]) => list.filter((w) => w.trim() !== '').length
  const shared = said(pieces.filter((p) => p.in === 'both').map((p) => p.text))
  return shared < SHARED * Math.max(said(a), said(b)) ? joined([{ text: before, in: 'before' }, { text: after, in: 'after' }]) : joined(pieces)
}

function joined(pieces: readonly Piece[]): Piece[] {
  const list: Piece[] = []
  for (const piece of pieces) {
    const last = list.at(-1)
    if (last && last.in === piece.in) last.text += piece.text
    else if (piece.text !== '') list.push({ ...piece })
  }
  return list
}
