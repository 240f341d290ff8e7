// The quality flags of a reading in words; the bits are those of `crates/wire/src/quality.rs`.

const FLAGS: readonly (readonly [number, string])[] = [
  [16, 'missing'], [32, 'sensor fault'], [2, 'out of range'], [1, 'suspect'], [4, 'clock uncertain'], [64, 'simulated'], [8, 'from backlog'], [128, 'came late'],
]

/** Empty for a good value. */
export const quality_words = (flags: number): string => FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name).join(', ')
