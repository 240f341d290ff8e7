// Pictures of the map for a report. The map draws them; where it cannot, the report says so and goes on.

interface Painter { map_png: () => Promise<Blob> }

const painters = import.meta.glob<Painter>('../map/png.ts')

export interface Picture { title: string; time_us: number; blob: Blob; url: string }

/** Whether this console can draw maps. */
export const can_draw = () => Object.keys(painters).length > 0

/** Loads what draws; from then on the map's own parts follow what is looked at. */
export const prepare = async () => { await Object.values(painters)[0]?.() }

/** One picture of the map as it is shown. */
export async function draw(): Promise<Blob> {
  const load = Object.values(painters)[0]
  if (!load) throw new Error('This console was built without a map.')
  return (await load()).map_png()
}

/** Hands a file to the browser to save. */
export function save(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob)
  const a = document.createElement('a')
  a.href = url
  a.download = name
  a.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** A name that every file system takes. */
export const file_name = (text: string) => text.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 80) || 'map'
