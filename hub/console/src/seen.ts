import { useEffect, useRef, useState } from 'preact/hooks'

/** Whether an element has come near the screen: what nobody scrolls to is not asked for. */
export function useSeen<T extends Element>(): [{ current: T | null }, boolean] {
  const at = useRef<T>(null)
  const [seen, set] = useState(false)
  useEffect(() => {
    if (!at.current || seen) return
    const watcher = new IntersectionObserver((found) => { if (found.some((f) => f.isIntersecting)) set(true) }, { rootMargin: '300px' })
    watcher.observe(at.current)
    return () => watcher.disconnect()
  }, [seen])
  return [at, seen]
}
