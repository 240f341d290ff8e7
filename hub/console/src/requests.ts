// Asking the hub. Paths are relative, so that the page works behind a proxy that serves it under a path.

const READ_MS = 20_000
const ACT_MS = 30_000

/** The hub refused or could not answer; `message` is its own sentence. */
export class Refused extends Error {
  constructor(readonly status: number, message: string) {
    super(message)
    this.name = 'Refused'
  }
}

async function said(answer: Response): Promise<never> {
  let text = `The hub answered with status ${answer.status}.`
  try {
    const body = (await answer.json()) as { error?: string }
    if (typeof body.error === 'string') text = body.error
  } catch { /* said nothing that can be read */ }
  throw new Refused(answer.status, text)
}

/** Reads JSON. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const limit = AbortSignal.timeout(READ_MS)
  const answer = await fetch(path, { cache: 'no-store', credentials: 'same-origin', signal: signal ? AbortSignal.any([signal, limit]) : limit })
  return answer.ok ? ((await answer.json()) as T) : said(answer)
}

/** Reads bytes, which may come from the browser's store. */
export async function bytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  const limit = AbortSignal.timeout(READ_MS)
  const answer = await fetch(path, { credentials: 'same-origin', signal: signal ? AbortSignal.any([signal, limit]) : limit })
  return answer.ok ? answer.arrayBuffer() : said(answer)
}

/** Asks for something that changes the hub. The header says that this page asks: another site's page could not send it. */
export async function act<T>(path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { 'X-Watchfire': '1' }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  const answer = await fetch(path, {
    method: 'POST', headers, body: body === undefined ? undefined : JSON.stringify(body),
    credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(ACT_MS),
  })
  return answer.ok ? ((await answer.json()) as T) : said(answer)
}

/** What went wrong, as a sentence for the person before the screen. */
export const why = (error: unknown) =>
  error instanceof DOMException && error.name === 'TimeoutError' ? 'The hub does not answer.'
    : error instanceof TypeError ? 'The hub cannot be reached.'
      : error instanceof Error ? error.message : String(error)
