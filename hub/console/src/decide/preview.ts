// What a message would say to each audience, as the hub makes it. A hub that has no previews yet gives the draft's own words.

import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Draft, Preview, Written } from '../api'
import { present } from '../hub'
import { act, get, Refused, why } from '../requests'
import { areas, told } from './cap'
import { desk } from './desk'

/** What is to be seen before it is decided. */
export type Wish = { draft: Draft } | { correct: string } | { message: Written }

export interface Shown { preview: Preview | null; /** What the hub says against it, or why it is not seen. */ trouble: string; busy: boolean
  /** The wish that the preview is of. */ of: string }

const STATUS = { actual: 'Actual', exercise: 'Exercise', test: 'Test' } as const

/** A draft's words without the hub's help: no short messages, no bulletin. */
function plain(draft: Draft): Preview {
  return {
    draft: draft.id, digest: draft.digest ?? '', event: draft.event, msg_type: draft.ending ? 'Cancel' : 'Alert', status: STATUS[present.value.mode], level: draft.grade, ending: draft.ending,
    audiences: told(draft.xml).map((t) => ({ ...t, name: desk.value?.languages.find((l) => l.tag === t.language)?.name ?? t.language, sms: [], bulletin: '' })), areas: areas(draft.xml), cap: draft.xml, expires_us: null,
  }
}

async function ask(wish: Wish, stop: AbortSignal): Promise<Preview> {
  if ('draft' in wish) {
    try {
      return await get<Preview>(`api/desk/preview/${encodeURIComponent(wish.draft.id)}`, stop)
    } catch (error) {
      // A hub that cannot make the preview has told the draft's words all the same.
      if (error instanceof Refused && (error.status === 404 || error.status >= 500)) return plain(wish.draft)
      throw error
    }
  }
  return act<Preview>('api/desk/preview', wish)
}

/** Names a wish: another name, another preview. */
export const name_of = (wish: Wish | null) => (wish === null ? '' : 'draft' in wish ? `${wish.draft.id} ${wish.draft.digest} ${wish.draft.standing}` : JSON.stringify(wish))

/** The preview of a wish, asked for when it has rested for `rest_ms`. The one before stays until the next is there; `of` says which it is. */
export function usePreview(wish: Wish | null, rest_ms = 0): Shown {
  const shown = useSignal<Shown>({ preview: null, trouble: '', busy: false, of: '' })
  const name = name_of(wish)
  useEffect(() => {
    if (wish === null) {
      shown.value = { preview: null, trouble: '', busy: false, of: '' }
      return
    }
    const stop = new AbortController()
    shown.value = { ...shown.value, busy: true }
    const timer = window.setTimeout(() => void ask(wish, stop.signal).then(
      (preview) => { if (!stop.signal.aborted) shown.value = { preview, trouble: '', busy: false, of: name } },
      (error: unknown) => { if (!stop.signal.aborted) shown.value = { ...shown.value, trouble: why(error), busy: false } },
    ), rest_ms)
    return () => { stop.abort(); clearTimeout(timer) }
  }, [name])
  return shown.value
}
