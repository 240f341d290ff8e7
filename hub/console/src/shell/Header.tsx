import { connection, now_us, present, shown } from '../hub'
import { size, SIZES, sound, theme, THEMES } from '../look'
import { muted } from '../sound'
import { both, day, here, hms, isTime } from '../time'
import { log_out, logged_in, me } from '../who'
import { ask_for_login } from './Login'

const next = <T,>(values: readonly T[], now: T) => values[(values.indexOf(now) + 1) % values.length] as T

function status(): [string, string] {
  const { ready, stalled, conditions } = present.value
  if (connection.value === 'lost') return ['lost', 'Connection lost']
  if (connection.value === 'closed') return ['closed', 'Log in to see']
  if (connection.value === 'starting' || !ready) return ['starting', 'Starting']
  if (stalled) return ['stalled', 'Stalled']
  return conditions.length > 0 ? ['degraded', `Degraded: ${conditions.length} ${conditions.length === 1 ? 'condition' : 'conditions'}`] : ['ok', 'All systems work']
}

export function Header() {
  const [code, text] = status()
  const now = now_us.value
  const known = isTime(now) && now > 0
  return (
    <header>
      <div class="name"><h1>{shown.value.title}</h1><p class="soft">{shown.value.deployment}</p></div>
      <p role="status"><a class="pill" data-status={code} href="#/health">{text}</a></p>
      <p class="clock" title={known ? both(now) : ''}>
        <span class="utc">{known ? `${hms(now)} UTC` : '--:--:-- UTC'}</span>
        <span class="soft">{known ? `${day(now)} · here ${here(now)}` : ''}</span>
      </p>
      <div class="tools">
        <button type="button" onClick={() => { theme.value = next(THEMES, theme.value) }} title="Light for the day, dark for the night">Light: {theme.value}</button>
        <button type="button" onClick={() => { size.value = next(SIZES, size.value) }} title="Text size">Text: {size.value}</button>
        <button type="button" aria-pressed={sound.value === 'on'} onClick={() => { sound.value = sound.value === 'on' ? 'off' : 'on' }}
          title={muted.value ? 'The browser lets no sound out before the first click or key on this page' : 'A tone for new findings, drafts and alerts'}>
          Sound: {sound.value === 'off' ? 'off' : muted.value ? 'waits for a key' : 'on'}
        </button>
      </div>
      {(me.value.accounts || logged_in.value) && (
        <div class="me">
          {logged_in.value
            ? <><span class="who">{me.value.name} <span class="soft">({me.value.roles.join(', ')})</span></span> <button type="button" onClick={() => void log_out().catch(console.warn)}>Log out</button></>
            : <button type="button" onClick={ask_for_login}>Log in</button>}
        </div>
      )}
    </header>
  )
}
