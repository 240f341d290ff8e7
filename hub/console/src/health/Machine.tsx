import type { HealthView } from '../api'
import { span, words } from '../time'
import { Wide } from '../Wide'

/** Less free than this share is worth a call. */
const LOW = 0.1

/** `12.3 GB`, as disks are sold. */
export function size(bytes: number | null): string {
  if (bytes === null) return 'not known'
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let [value, at] = [bytes, 0]
  while (value >= 1000 && at < units.length - 1) { value /= 1000; at += 1 }
  return `${value.toFixed(at === 0 ? 0 : 1)} ${units[at]}`
}

/** The hub itself: disk, what it takes in and refuses, how long an alert takes. */
export function Machine({ health }: { health: HealthView }) {
  const { disk, intake, latency_ms } = health
  const used = disk.total_bytes !== null && disk.free_bytes !== null && disk.total_bytes > 0 ? 1 - disk.free_bytes / disk.total_bytes : null
  const refused = [...intake.refused].sort((a, b) => b.count - a.count)
  return (
    <section class="card" aria-labelledby="machine-h">
      <h2 id="machine-h">The hub</h2>
      <dl class="pairs"><dt>Program</dt><dd>{health.version}</dd><dt>Up for</dt><dd>{span(health.up_s * 1e6)}</dd></dl>
      <h3>Disk</h3>
      {used !== null && <meter min={0} max={1} low={1 - LOW * 2} high={1 - LOW} optimum={0} value={used} aria-label={`Disk: ${Math.round(used * 100)}% used`} />}
      <dl class="pairs">
        <dt>Free</dt><dd>{used !== null && 1 - used < LOW ? <span class="old">{size(disk.free_bytes)} - low: free space before the journal stops</span> : size(disk.free_bytes)}</dd>
        <dt>Whole</dt><dd>{size(disk.total_bytes)}{used !== null && ` (${Math.round(used * 100)}% used)`}</dd>
        <dt>Journal</dt><dd>{size(disk.journal_bytes)}</dd>
      </dl>
      <h3>From reading to alert</h3>
      <p>{latency_ms === null ? 'Not measured: no alert since the hub started.' : `Half within ${ms(latency_ms.p50)}, 99 of 100 within ${ms(latency_ms.p99)}.`}</p>
      <h3>Taken in since the hub started</h3>
      <dl class="pairs"><dt>Readings</dt><dd>{intake.readings.toLocaleString('en')}</dd><dt>Sent twice, counted once</dt><dd>{intake.duplicates.toLocaleString('en')}</dd>
        <dt>Refused</dt><dd>{refused.reduce((sum, r) => sum + r.count, 0).toLocaleString('en')}</dd></dl>
      {refused.length > 0 && (
        <Wide label="Refused"><table><thead><tr><th scope="col">Refused because</th><th scope="col" class="n">Count</th></tr></thead>
          <tbody>{refused.slice(0, 40).map((r) => <tr key={r.reason}><td>{words(r.reason)}</td><td class="n">{r.count.toLocaleString('en')}</td></tr>)}</tbody></table></Wide>
      )}
    </section>
  )
}

const ms = (value: number) => (value < 1000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${(value / 1000).toFixed(1)} s`)
