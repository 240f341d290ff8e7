// What the hub tells the page. Times are microseconds since the Unix epoch (`_us`), heights metres, places degrees.
// Names are the hub's own; what is not known is null, never absent. `docs/api.md` and `/api/openapi.json` say the same.

// ---- GET /api/state
export type Mode = 'actual' | 'exercise' | 'test'
export type StationState = 'good' | 'late' | 'unknown' | 'fault' | 'finding'
export type Level = 'none' | 'advisory' | 'warning' | 'major' // hub::alert::Level
export type Grade = 'information' | 'advisory' | 'warning' | 'major' // desk::Grade
export interface State { version: string; deployment: string; title: string; mode: Mode; now_us: number; ready: boolean; stalled: boolean
  conditions: Condition[]; stations: Station[]; alerts: Alert[]; timeline: Line[]; outages: Outage[]; situations: Situation[]
  others: Others; subscribers: Subscriber[]; relief: Relief[] | null; sirens: SirenZone[]
  events: EventView[] }                                   // newest last
// ---- one tsunami event. Also sent live: SSE `event` with one EventView, replacing what was known of it.
export interface EventView { id: string; title: string; began_us: number; over_us: number | null; over_why: string | null
  confirmed: boolean; level: Level                       // of the forecast now
  source: { kind: 'earthquake' | 'waves'; id: string; place: string; magnitude: number; lat: number; lon: number; depth_km: number
            origin_us: number; region_km: number | null }
  revision: number; revised_us: number; basis: 'first_estimate' | 'model' | 'records' | 'waves'   // what the forecast rests on
  zones: ZoneForecast[]; stations: StationForecast[]; unanswered: string[] }
export interface ZoneForecast { id: string; name: string; level: Level; arrival_us: number; arrival_sigma_s: number
  median_m: number; p05_m: number; p95_m: number; exceeds: [number, number, number] } // advisory, warning, major
export interface StationForecast { id: string; arrival_us: number; arrival_sigma_s: number; median_m: number; p05_m: number; p95_m: number
  observed: { onset_us: number; amplitude_m: number; amplitude_us: number; passed: boolean } | null }
// GET /api/events -> EventView[]     GET /api/events/{id} -> EventDetail
export interface EventDetail { event: EventView
  revisions: { number: number; made_us: number; basis: EventView['basis']; why: string; level: Level; zones: ZoneForecast[]; stations: StationForecast[] }[] // oldest first, bounded
  levels_m: [number, number, number] }                   // heights of advisory, warning, major
// GET /api/events/{id}/fields -> Fields (each null while it is computed or where there is none; then `note` says why)
export interface Fields { revision: number; travel_time: Grid | null; max_height: Grid | null; note: string | null }
// `url` gives little-endian u16, row by row from the north-west corner, cell centres; value * scale = unit; 65535 = land or never reached.
// `west` may be such that west + columns*step_deg > 180: a grid over the date line goes on past 180.
export interface Grid { url: string; west: number; north: number; step_deg: number; columns: number; rows: number; unit: 'min' | 'm'; scale: number }
// GET /api/events/{id}/curves/{station} -> Curve (404 with {error} where there is none)
export interface Curve { station: string; revision: number; from: string /* in words: what it rests on */; start_us: number; step_s: number
  median_m: number[]; p05_m: number[]; p95_m: number[] }

// ---- series. GET /api/stations/{id}/series?quantity=Q&from_us=&to_us=&points=N  (N <= 5000; min and max of each stretch are kept)
// `quantity=wave`: sea level without tide, metres (derived from water_pressure or sea level). Others: quantity names of `wire`.
export interface Series { station: string; quantity: string; unit: string; derived: string | null; reduced: boolean; from_us: number; to_us: number
  points: [number, number, number][] }                   // time_us, value, quality flags
// GET /api/stations/{id} -> { station: Station, quantities: {name, unit, first_us, last_us}[] }

// ---- history. GET /api/history -> History; GET /api/history/at?time_us=T -> State as it was shown then (subscribers empty)
export interface History { from_us: number | null; to_us: number | null
  events: { id: string; title: string; began_us: number; over_us: number | null; level: Level }[]; gaps: { from_us: number; to_us: number }[] }

// ---- what stands where. GET /api/map (static for the deployment)
export interface MapView { zones: { id: string; name: string; polygon: [number, number][]; coast: [number, number][] }[] // [lat, lon]
  shelters: { name: string; lat: number; lon: number; capacity: number | null }[]
  sirens: { zone: string; lat: number; lon: number }[]   // where known
  roads: { id: string; name: string; line: [number, number][]; stations: string[] }[] // where the deployment tells its roads
  levels_m: [number, number, number]; extent: { west: number; south: number; east: number; north: number } | null } // east may be > 180

// ---- GET /api/health
export interface HealthView { now_us: number; version: string; up_s: number
  edges: { id: string; online: boolean | null; version: string; last_us: number | null; lag_s: number | null; outbox: number | null; gaps: number; lost: number
    clock_offset_ms: number | null; nodes: { node: string; station: string; silent: boolean; boot: number; version: string; lost: number; drift_ppb: number | null }[] }[]
  disk: { free_bytes: number | null; total_bytes: number | null; journal_bytes: number | null }
  intake: { readings: number; duplicates: number; refused: { reason: string; count: number }[] }
  latency_ms: { p50: number; p99: number } | null        // input to alert, as measured
  subscribers: Subscriber[]
  coverage: { ready: boolean; note: string; zones: { id: string; name: string; state: 'watched' | 'partly' | 'blind' | 'unwatched'
    watchers: string[]; lost: string[]; blind_towards: string[]; lead_min: number | null }[] } } // unwatched: even with every station working

// ---- GET /api/desk (each draft with `digest`, sha-256 of its xml, hex). POST approve takes `"digest"` and answers 409
// when the draft is another by now. GET /api/desk/preview/{draft} -> Preview; POST /api/desk/preview {message: Written} -> Preview
export interface Preview { draft: string | null; digest: string; event: string; msg_type: string; status: string; level: Grade; ending: boolean
  audiences: { language: string; name: string; headline: string; description: string; instruction: string; sms: string[]; bulletin: string }[]
  areas: { name: string; polygon: [number, number][][] }[]; cap: string; expires_us: number | null }
// also: GET /api/openapi.json, /sta/v1.1 (SensorThings)

// ---- shapes of the snapshot
export interface Condition { code: string; text: string; since_us: number }
export interface Latest { value: number; unit: string; time_us: number; quality: number }
export interface Station { id: string; name: string; lat: number; lon: number; domain: 'tsunami' | 'traffic' | 'energy' | 'health'; state: StationState
  latest: Record<string, Latest>; finding: string }
export interface Alert { identifier: string; file: string; event: string; mode: Mode; msg_type: string; severity: string; sent_us: number; expires_us: number
  headline: string; summary: string; areas: string[]; superseded: boolean }
export interface Line { time_us: number; kind: string; text: string; compute_ms: number | null; situation?: string }
export interface Outage { id: string; since_us: number; out: number; of: number; area: [number, number][]; area_km2: number; earthquake: string | null; situation: string | null }
export interface Evidence { key: string; kind: string; name: string; text: string; since_us: number; until_us: number | null; lat: number; lon: number
  rule: string | null; because: string | null; damage: boolean }
export interface Situation { id: string; title: string; since_us: number; over_us: number | null; events: string[]; damage: number; evidence: Evidence[]; more: number }
export interface Feed { name: string; state: string; known: boolean; text: string; listed: number; unread: number; answered_us: number | null }
export interface OtherPart { event: string; severity: string; urgency: string; certainty: string; areas: string[]; areas_more: number }
export interface OtherAlert { feeds: string[]; standing: string; verified: boolean; contested: boolean; sender: string; sender_name: string | null; identifier: string; status: string
  msg_type: string; state: string; sent_us: number; onset_us: number | null; expires_us: number; expires_assumed: boolean; received_us: number; language: string
  headline: string; description: string; instruction: string; web: string | null; parts: OtherPart[]; outlines: [number, number][][]; complaints: string[] }
export interface Others { feeds: Feed[]; actual: OtherAlert[]; not_actual: OtherAlert[]; more: number }
export interface Subscriber { name: string; kind: string; state: 'idle' | 'delivering' | 'backing_off' | 'blocked' | 'expired'; waiting: number; last_delivered_us: number | null
  last_delivered: string | null; last_error: string | null; failing_since_us: number | null; delivered: number; attempts: number; failures: number
  refused: number; expired: number; dropped: number; in_doubt: number; missed: number }
export interface Relief { event: string; message: string; headline: string; page: string; number: number; made_us: number; over: boolean; zones: number; people: number | null
  to_evacuate: number | null; capacity_lacking: number | null; all_known: boolean; hospitals: number; schools: number; bridges_on_ways: number }
export interface SirenOrder { id: string; event: string; alert: string; mode: Mode; signal: string; since_us: number; until_us: number }
export interface Siren { edge: string; id: string; state: 'idle' | 'sounding' | 'done' | 'silenced' | 'failed' | 'refused' | 'unknown'; reason: string | null; heard_us: number | null; mode: Mode | null }
export interface SirenZone { id: string; order: SirenOrder | null; expected: number; acknowledged: number; sounding: number; failed: number; unknown: number; share: number | null; sirens: Siren[] }

// ---- the desk
export interface Gate { approvals: number; deadline_us: number; at_deadline: 'issue' | 'hold' }
export interface Draft { id: string; event: string; author: string; reason: string; standing: 'waiting' | 'held' | 'issued' | 'refused' | 'withdrawn' | 'superseded' | 'void'
  ending: boolean; grade: Grade; weight: { zones: Record<string, Grade>; observed: boolean }; gate: Gate; approvals: string[]; /** When each agreed; hubs that do not say it leave it out. */ agreed?: { by: string; at_us: number }[]
  proposed_us: number; due_us: number; xml: string; digest: string }
export interface Desk { zones: { id: string; name: string }[]; languages: { tag: string; name: string }[]; asked: number; approvers: number; subscribers: Subscriber[]; now_us: number
  drafts: Draft[]; records: number; head: string }
export interface Written { event?: string; cancels?: boolean; level: Grade; tsunami?: boolean; zones: string[]; words: Record<string, { headline: string; text: string; instruction?: string }> }
