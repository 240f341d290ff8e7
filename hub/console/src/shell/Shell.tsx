import { useEffect } from 'preact/hooks'
import { CityRoom } from '../city/CityRoom'
import { DecideRoom } from '../decide/DecideRoom'
import { open_drafts } from '../decide/desk'
import { DeskNews } from '../decide/DeskNews'
import { EventRoom } from '../event/EventRoom'
import { HealthRoom } from '../health/HealthRoom'
import { HistoryRoom } from '../history/HistoryRoom'
import { PastBar } from '../history/Scrubber'
import { connection, in_force, present, present_us } from '../hub'
import { keys, useKeys } from '../keys'
import { go, link, place, ROOMS, type RoomId } from '../rooms'
import { watch_for_news } from '../sound'
import { WatchRoom } from '../watch/WatchRoom'
import { ended } from '../who'
import { Bands } from './Bands'
import { Header } from './Header'
import { ask_for_login, Login } from './Login'

const ROOM = { watch: WatchRoom, event: EventRoom, decide: DecideRoom, city: CityRoom, health: HealthRoom, history: HistoryRoom }

/** Rooms whose pictures bear no watermark of their own. */
const MARKED: ReadonlySet<RoomId> = new Set(['decide', 'city', 'health', 'history'])

/** The frame around the rooms: mode, connection, clock, way between the rooms, log-in. */
export function Shell() {
  useEffect(watch_for_news, [])
  useKeys(ROOMS.map((room) => ({ key: room.key, what: `${room.name}: ${room.what}`, act: () => go(room.id) })))
  const { alerts, title, mode } = present.value
  useEffect(() => {
    const standing = alerts.filter((a) => in_force(a, present_us.value) && a.msg_type !== 'Cancel').length
    document.title = `${standing > 0 ? `(${standing}) ` : ''}${mode === 'actual' ? '' : `${mode.toUpperCase()} `}${title} - Watchfire`
  }, [alerts, title, mode])
  // The document says the mode before any script has run; a hub that was started anew in another mode is believed.
  useEffect(() => { document.documentElement.dataset.mode = mode }, [mode])
  const Room = ROOM[place.value.room]
  const closed = connection.value === 'closed'
  return (
    <div class="shell">
      <a class="skip" href="#room">To the content</a>
      <Bands />
      <Header />
      <DeskNews />
      <nav aria-label="Rooms">
        {ROOMS.map((room) => (
          <a key={room.id} href={link(room.id)} aria-current={place.value.room === room.id ? 'page' : undefined} title={`${room.what} (${room.key})`}>
            <kbd aria-hidden="true">{room.key}</kbd> {room.name}{room.id === 'decide' && open_drafts.value.length > 0 && ` (${open_drafts.value.length})`}
          </a>
        ))}
      </nav>
      <PastBar />
      {ended.value && <p class="condition" role="alert">Your session has ended. Log in again to act.</p>}
      <main id="room" class={`room ${place.value.room}`} tabIndex={-1}>
        {MARKED.has(place.value.room) && mode !== 'actual' && <div class="mark" aria-hidden="true" />}
        {closed
          ? <section class="card"><h2>Only for those who have logged in</h2><p>This deployment shows its state to its officers. <button type="button" onClick={ask_for_login}>Log in</button></p></section>
          : <Room />}
      </main>
      <Login />
      <KeyHelp />
    </div>
  )
}

function KeyHelp() {
  const open = () => {
    const dialog = document.getElementById('keys')
    if (dialog instanceof HTMLDialogElement) dialog.showModal()
  }
  useKeys([{ key: '?', what: 'Shows these keys', act: open }])
  return (
    <dialog id="keys" aria-labelledby="keys-h">
      <h2 id="keys-h">Keys</h2>
      <dl class="keys">
        {keys.value.map((k) => [<dt key={`${k.key}-k`}><kbd>{k.key}</kbd></dt>, <dd key={`${k.key}-w`}>{k.what}</dd>])}
      </dl>
      <form method="dialog"><button>Close</button></form>
    </dialog>
  )
}
