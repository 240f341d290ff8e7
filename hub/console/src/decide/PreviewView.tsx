import type { Preview } from '../api'
import { present } from '../hub'
import { LevelMark } from '../level'
import { both } from '../time'
import { Difference } from './Difference'
import { OutlineMap } from './OutlineMap'
import { Tabs, type Tab } from './Tabs'

const TYPE: Record<string, string> = { Alert: 'A new message', Update: 'Replaces the message in force', Cancel: 'Calls back what is in force' }

/** A message as each audience reads it. */
export function PreviewView({ preview }: { preview: Preview }) {
  const sms = preview.audiences.filter((a) => a.sms.length > 0)
  const bulletins = preview.audiences.filter((a) => a.bulletin !== '')
  const tabs: Tab[] = [
    ...preview.audiences.map((a): Tab => ({
      id: `language-${a.language}`, name: a.name, lang: a.language,
      body: () => <div lang={a.language} class="said"><h3>{a.headline}</h3><p>{a.description}</p><p class="instruction">{a.instruction}</p></div>,
    })),
    { id: 'sms', name: 'SMS', body: () => sms.length === 0 ? <p class="empty">No short message is made of this.</p> : <>{sms.map((a) => <Sms key={a.language} audience={a} />)}</> },
    { id: 'bulletin', name: 'Bulletin', body: () => bulletins.length === 0 ? <p class="empty">No bulletin is made of this.</p> : <>{bulletins.map((a) => <pre key={a.language} lang={a.language} class="bulletin">{a.bulletin}</pre>)}</> },
    { id: 'difference', name: 'What changes', body: () => <Difference preview={preview} /> },
    { id: 'cap', name: 'CAP', body: () => <pre class="bulletin">{preview.cap}</pre> },
  ]
  return (
    <div class="preview watermark" data-mode={present.value.mode}>
      <p class="preview-line">
        <StatusChip status={preview.status} />{' '}
        {preview.ending ? <strong>Calls back</strong> : <LevelMark level={preview.level} />}{' '}
        <span>{TYPE[preview.msg_type] ?? preview.msg_type}.</span>{' '}
        {preview.expires_us !== null && <span class="soft">Holds until {both(preview.expires_us)}.</span>}
      </p>
      <div class="preview-columns">
        <Tabs label="The message as it is read" tabs={tabs} />
        <div class="preview-areas">
          <p><strong>{preview.areas.length === 1 ? 'Area' : `${preview.areas.length} areas`}:</strong> {preview.areas.map((a) => a.name).join('; ')}</p>
          <OutlineMap areas={preview.areas} />
        </div>
      </div>
    </div>
  )
}

const StatusChip = ({ status }: { status: string }) => <span class={`chip status-${status.toLowerCase()}`}>{status === 'Actual' ? 'REAL' : status.toUpperCase()}</span>

function Sms({ audience: a }: { audience: Preview['audiences'][number] }) {
  return (
    <section lang={a.language} class="sms">
      <h3>{a.name} <span class="soft" lang="en">({a.sms.length} {a.sms.length === 1 ? 'part' : 'parts'})</span></h3>
      <p class="sms-text">{a.sms.map((text, n) => <span key={n}>{text}{n + 1 < a.sms.length && <span class="sms-cut" aria-hidden="true" title={`Part ${n + 2} begins here`}>{n + 2}</span>}</span>)}</p>
      <p class="soft" lang="en">{a.sms.length === 1 ? 'Characters' : 'Characters of each part'}: {a.sms.map((text) => [...text].length).join(', ')}.</p>
    </section>
  )
}
