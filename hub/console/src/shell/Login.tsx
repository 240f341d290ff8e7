import { signal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { useKeys } from '../keys'
import { why } from '../requests'
import { log_in, logged_in, me } from '../who'

const error = signal('')
const busy = signal(false)

export function ask_for_login() {
  const dialog = document.getElementById('login')
  error.value = ''
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal()
}

export function Login() {
  const name = useRef<HTMLInputElement>(null)
  const password = useRef<HTMLInputElement>(null)
  const dialog = useRef<HTMLDialogElement>(null)
  useKeys([{ key: 'l', what: 'Logs in', act: () => { if (me.value.accounts && !logged_in.value) ask_for_login() } }])
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    if (busy.value || !name.current || !password.current) return
    busy.value = true
    error.value = ''
    try {
      await log_in(name.current.value, password.current.value)
      dialog.current?.close()
    } catch (failed) {
      error.value = why(failed)
      password.current.focus()
    } finally {
      password.current.value = ''
      busy.value = false
    }
  }
  return (
    <dialog id="login" ref={dialog} aria-labelledby="login-h">
      <form onSubmit={(event) => void submit(event as unknown as SubmitEvent)}>
        <h2 id="login-h">Log in</h2>
        <p><label>Name <input ref={name} name="username" autocomplete="username" autocapitalize="none" spellcheck={false} maxLength={64} required /></label></p>
        <p><label>Password <input ref={password} name="password" type="password" autocomplete="current-password" required aria-describedby="login-error" /></label></p>
        <p id="login-error" class="error" role="alert">{error.value}</p>
        <p class="buttons"><button type="submit" class="main" disabled={busy.value}>Log in</button> <button type="button" onClick={() => dialog.current?.close()}>Cancel</button></p>
      </form>
    </dialog>
  )
}
