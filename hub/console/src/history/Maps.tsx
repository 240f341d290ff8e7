import { useEffect, useRef, useState } from 'preact/hooks'
import type { Alert, State } from '../api'
import { come_back, look_at } from '../hub'
import { night, theme } from '../look'
import { map_png } from '../map/png'
import { get, why } from '../requests'
import { chosen_event } from '../rooms'
import { both } from '../time'
import { moment_label, moments_of } from './moments'
import { file_name, save, type Picture } from './pictures'
import type { Story } from './story'

/** After a change of time the map gets so long to ask for the forecast's fields. */
const DRAW_MS = 2_500

interface Wanted { title: string; time_us: number }

/** Times that a picture is worth: the first message, the first wave, the end. */
export function worth(story: Story, alerts: Alert[]): Wanted[] {
  const list: Wanted[] = []
  if (alerts[0]) list.push({ title: 'At the first message', time_us: alerts[0].sent_us + 1e6 })
  const onsets = (story.event?.stations ?? []).flatMap((s) => (s.observed ? [s.observed.onset_us] : []))
  if (onsets.length > 0) list.push({ title: 'When the first station had recorded the wave', time_us: Math.min(...onsets) + 5 * 60e6 })
  list.push({ title: story.over_us === null ? 'The latest' : 'At the end', time_us: story.end_us })
  return list
}

const wait = (ms: number) => new Promise((go) => setTimeout(go, ms))

/** By day, whatever the screen shows: a picture for paper. */
async function by_day<T>(work: () => Promise<T>): Promise<T> {
  const was = night.value
  const root = document.documentElement.dataset
  night.value = false
  root.theme = 'day'
  try { return await work() } finally {
    night.value = was && theme.value !== 'day'
    root.theme = night.value ? 'night' : 'day'
  }
}

/** Maps of the event, drawn for the times that matter. */
export function Maps({ story, alerts }: { story: Story; alerts: Alert[] }) {
  const [pictures, set_pictures] = useState<Picture[]>([])
  const [chosen, set_chosen] = useState('')
  const [busy, set_busy] = useState('')
  const [error, set_error] = useState('')
  const made = useRef<string[]>([])
  useEffect(() => () => made.current.forEach((url) => URL.revokeObjectURL(url)), [])
  const moments = moments_of(story.event, story.detail, story.end).filter((m) => m.kind !== 'forecast')

  const take = async (list: Wanted[]) => {
    set_error('')
    chosen_event.value = story.id
    try {
      for (const { title, time_us } of list) {
        set_busy(`Drawing the map: ${title.charAt(0).toLowerCase()}${title.slice(1)}.`)
        look_at(time_us, await get<State>(`api/history/at?time_us=${Math.floor(time_us)}`))
        await wait(DRAW_MS)
        const blob = await by_day(map_png)
        const url = URL.createObjectURL(blob)
        made.current.push(url)
        set_pictures((all) => [...all, { title, time_us, blob, url }].sort((a, b) => a.time_us - b.time_us))
      }
    } catch (failed) {
      set_error(`No map could be drawn: ${why(failed)}`)
    } finally {
      come_back()
      set_busy('')
    }
  }
  const one = () => { const m = moments[Number(chosen)]; if (chosen !== '' && m) void take([{ title: m.text, time_us: m.time_us + 1e6 }]) }
  const save_all = () => pictures.forEach((p, n) => save(p.blob, `${file_name(`${story.title} ${n + 1} ${p.title}`)}.png`))
  return (
    <section class="card maps" aria-labelledby="maps-h">
      <h2 id="maps-h">Maps</h2>
      <div class="no-print">
        <p class="buttons">
          <button type="button" class="main" disabled={busy !== ''} onClick={() => void take(worth(story, alerts))}>Draw maps for this report</button>
          {pictures.length > 0 && <button type="button" onClick={save_all}>Save maps as PNG</button>}
        </p>
        {moments.length > 0 && <p class="buttons"><label>Another time <select value={chosen} onChange={(e) => set_chosen(e.currentTarget.value)}><option value="">choose</option>{moments.map((m, n) => <option key={n} value={n}>{moment_label(m).slice(0, 90)}</option>)}</select></label>
          <button type="button" disabled={busy !== '' || chosen === ''} onClick={one}>Add its map</button></p>}
        <p role="status">{busy}</p>
        {error !== '' && <p class="error" role="alert">{error}</p>}
      </div>
      {pictures.length === 0 && <p class="empty">No map has been drawn for this report.</p>}
      {pictures.map((p) => (
        <figure key={p.url}>
          <img src={p.url} alt={`Map, ${p.title}: the tables of this report say the same`} />
          <figcaption>{p.title}, {both(p.time_us)} <button type="button" class="no-print" onClick={() => set_pictures((list) => list.filter((q) => q !== p))}>Take it out</button></figcaption>
        </figure>
      ))}
    </section>
  )
}
