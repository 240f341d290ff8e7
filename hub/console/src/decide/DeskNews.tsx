import { useEffect } from 'preact/hooks'
import { present } from '../hub'
import { link, place } from '../rooms'
import { news, open_drafts, unseen } from './desk'

const FLASH_MS = 1_000
const FLASH = '● DRAFT WAITS - '

/** Says in every room that a draft waits: in words, read out, and in the title while nobody has looked. */
export function DeskNews() {
  const waiting = unseen.value.length
  useEffect(() => {
    if (waiting === 0) return
    const plain = () => document.title.replaceAll(FLASH, '')
    const timer = setInterval(() => { document.title = document.title.startsWith(FLASH) ? plain() : FLASH + plain() }, FLASH_MS)
    return () => { clearInterval(timer); document.title = plain() }
  }, [waiting > 0])
  const open = open_drafts.value.length
  return (
    <>
      <p class="sr" role="alert" aria-live="assertive">{news.value}</p>
      {open > 0 && place.value.room !== 'decide' && (
        <aside aria-label="Drafts" class={`desk-news ${present.value.mode === 'actual' ? 'real' : 'drill'}`}>
          <a href={link('decide')}>{open === 1 ? 'A draft waits' : `${open} drafts wait`} for a decision</a> <kbd>3</kbd>
        </aside>
      )}
    </>
  )
}
