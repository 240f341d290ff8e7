// Who is logged in. Passwords go out in the request and stay nowhere here.

import { computed, signal } from '@preact/signals'
import { connect, connection } from './hub'
import { act, get } from './requests'

/** How often to ask whether the session still lasts; asking does not lengthen it. */
const LOOK_MS = 60_000

export interface Me { name: string | null; roles: string[]; permissions: string[]; expires_us: number | null; accounts: boolean; login_to_view: boolean }

export const me = signal<Me>({ name: null, roles: [], permissions: [], expires_us: null, accounts: false, login_to_view: false })
/** The session ended without a log-out. */
export const ended = signal(false)
export const logged_in = computed(() => me.value.name !== null)
export const may = (permission: string) => me.value.permissions.includes(permission)

function take(now: Me) {
  const before = me.value
  if (before.name !== null && now.name === null) ended.value = true
  if (now.name !== null) ended.value = false
  me.value = now
  if (before.name !== now.name && (now.login_to_view || connection.value === 'closed')) connect()
}

/** Asks who this is. */
export async function look() {
  try {
    take(await get<Me>('api/me'))
  } catch (error) {
    console.warn('not known who is logged in:', error)
  }
}

export const log_in = async (name: string, password: string) => take(await act<Me>('api/login', { name, password }))

export async function log_out() {
  const now = await act<Me>('api/logout')
  take(now)
  ended.value = false
}

/** Watches over the session; called once. */
export function watch_session() {
  void look()
  setInterval(() => { if (logged_in.value) void look() }, LOOK_MS)
  document.addEventListener('visibilitychange', () => { if (!document.hidden && logged_in.value) void look() })
}
