import { expect, test } from 'vitest'
import { changes, feature, type Mark } from './changes'

const mark = (id: string, more: Partial<Mark> = {}): Mark => ({ id, lon: -71, lat: -33, icon: 'good', order: 0, label: '', ...more })
const set = (...marks: Mark[]) => new Map(marks.map((m) => [m.id, m]))

test('nothing different, nothing sent', () => {
  expect(changes(set(mark('a'), mark('b')), set(mark('b'), mark('a')))).toBeNull()
})
test('only what is different is sent', () => {
  const before = set(mark('a'), mark('b'), mark('gone'), mark('moves'))
  const after = set(mark('a'), mark('b', { icon: 'finding', order: 4 }), mark('new'), mark('moves', { lon: -72 }))
  expect(changes(before, after)).toEqual({
    remove: ['gone'],
    add: [feature(mark('new'))],
    update: [
      { id: 'b', addOrUpdateProperties: [{ key: 'icon', value: 'finding' }, { key: 'order', value: 4 }] },
      { id: 'moves', newGeometry: { type: 'Point', coordinates: [-72, -33] } },
    ],
  })
})
