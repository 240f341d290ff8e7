// The desk: what waits, looked at every two seconds while somebody is logged in, in whatever room they are. A new draft sounds, flashes in the
// title and is read out.

import { computed, effect, signal, untracked } from '@preact/signals'
import type { Desk, Draft } from '../api'
import { connection, past } from '../hub'
import { get, why } from '../requests'
import { play } from '../sound'
import { logged_in, may, me } from '../who'

const LOOK_MS = 2_000

export const desk = signal<Desk | null>(null)
/** Why the desk is not seen; empty while it is. */
export const desk_trouble = signal('')
/** When the desk was seen last, by this machine's own count; milliseconds. */
export const desk_seen_ms = signal(0)

export const is_open = (draft: Draft) => draft.standing === 'waiting' || draft.standing === 'held'
/** What waits, the nearest deadline first; what is held comes last only after those that still run. */
export const open_drafts = computed(() => [...(desk.value?.drafts ?? [])].filter(is_open).sort((a, b) => Number(a.standing === 'held') - Number(b.standing === 'held') || a.due_us - b.due_us))
export const closed_drafts = computed(() => (desk.value?.drafts ?? []).filter((d) => !is_open(d)))

/** Drafts that came while nobody was in the room where they are decided. */
export const unseen = signal<readonly string[]>([])
/** What is read out. */
export const news = signal('')

let known: Set<string> | null = null

function take(now: Desk) {
  desk.value = now
  desk_seen_ms.value = performance.now()
  desk_trouble.value = ''
  const open = now.drafts.filter(is_open)
  const fresh = known === null ? [] : open.filter((d) => !known?.has(d.id))
  const waiting = new Set(open.map((d) => d.id))
  known = new Set([...(known ?? []), ...waiting])
  unseen.value = [...unseen.value.filter((id) => waiting.has(id)), ...fresh.map((d) => d.id)]
  // One's own draft is no news to its author.
  const others = fresh.filter((d) => d.author !== me.value.name)
  if (others.length > 0) {
    play('draft')
    news.value = `${others.length === 1 ? 'A new draft waits' : `${others.length} new drafts wait`} for a decision: ${others.map((d) => d.reason || d.event).join('; ')}.`
  }
}

let asked = 0
let stop: AbortController | null = null

/** Looks now; the newest answer counts. */
export async function look_at_desk(): Promise<void> {
  if (!logged_in.value || !may('view')) return
  const mine = ++asked
  stop?.abort()
  stop = new AbortController()
  try {
    const now = await get<Desk>('api/desk', stop.signal)
    if (mine === asked) take(now)
  } catch (error) {
    if (mine === asked) desk_trouble.value = why(error)
  }
}

const name = computed(() => me.value.name)

/** Watches the desk; called once. */
export function watch_desk() {
  effect(() => {
    // Whoever logs in next has not seen what the one before has.
    void name.value
    untracked(() => {
      known = null
      unseen.value = []
      desk.value = null
      desk_trouble.value = ''
      void look_at_desk()
    })
  })
  let busy = false
  setInterval(() => {
    if (busy) return
    busy = true
    void look_at_desk().finally(() => { busy = false })
  }, LOOK_MS)
}

const PERMISSION: Record<string, string> = {
  approve: 'approve drafts', refuse: 'refuse drafts', withdraw: 'withdraw drafts', retract: 'call messages back', propose: 'write messages',
}

/** Why nothing can be decided now; `null` when it can. */
export function hindrance(permission: 'approve' | 'refuse' | 'withdraw' | 'retract' | 'propose'): string | null {
  if (past.value) return 'You look at the past. Come back to now to decide.'
  if (!logged_in.value) return 'Log in to decide.'
  if (connection.value !== 'open') return 'The connection to the hub is lost: nothing can be decided until it is back.'
  if (!may(permission)) return `Your account (${me.value.roles.join(', ') || 'no role'}) may not ${PERMISSION[permission]}.`
  return null
}
