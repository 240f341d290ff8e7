// The page's script: takes the snapshot, follows the changes, shows both. Text goes in as text, never as markup.
// When it has heard nothing for a while it says so and dims the page: an old page must not look like a quiet sea.
"use strict";

const QUIET_MS = 15000;      // no word from the hub for this long: say that the connection is lost
const POLL_MS = 10000;       // when the stream is refused: fetch the snapshot this often
const ROWS_MAX = 400;        // stations and timeline lines shown; the worst and the newest are shown first
const LABELS_MAX = 30;       // stations named on the map

const STATES = ["finding", "fault", "unknown", "late", "good"];
const DIGITS = { m: 3, Pa: 0, Cel: 2, "km/h": 1, "%": 1, "1/h": 0, s: 1, V: 1, A: 2, W: 0, var: 0, VA: 0, "1": 2, Hz: 3, Wh: 0, "m/s2": 3 };
const UNITS = { Cel: "°C", "1": "", "1/h": "per hour", "m/s2": "m/s²" };
const FLAGS = [[1, "suspect"], [2, "out of range"], [4, "clock uncertain"], [8, "backlog"], [16, "missing"], [32, "sensor fault"], [64, "simulated"], [128, "late"]];
const NOTES = 8 | 64;        // flags that say where a value comes from, not that it is doubtful
const SVG = "http:" + "/" + "/www.w3.org/2000/svg";

const view = { mode: document.documentElement.dataset.mode, ready: false, stalled: false, now_us: 0, conditions: [], stations: new Map(), alerts: [], timeline: [], situations: [], outages: [], others: { feeds: [], actual: [], not_actual: [], more: 0 }, relief: null, sirens: [] };
const $ = (id) => document.getElementById(id);

// ---- building blocks ------------------------------------------------------------------------------------------------

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name === "class") element.className = value;
    else if (name.startsWith("data-") || name === "role" || name === "scope") element.setAttribute(name, value);
    else element[name] = value;
  }
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

function draw(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const date = (us) => new Date(us / 1000);
const two = (n) => String(n).padStart(2, "0");
const day = (us) => { const d = date(us); return `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`; };
const hms = (us) => { const d = date(us); return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`; };
const localTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" });
const localDay = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" });
const valid = (us) => Number.isFinite(us) && Math.abs(us) < 8.64e18;
const iso = (us) => (valid(us) ? date(us).toISOString() : "");

function both(us) {
  if (!valid(us)) return "unknown";
  return `${day(us)} ${hms(us).slice(0, 5)} UTC (here ${localDay.format(date(us))})`;
}

// The same as an element that breaks between the two clocks only.
function instant(us) {
  const [utc, here] = both(us).split(" (");
  return make("time", { dateTime: iso(us) }, make("span", {}, utc), " ", here ? make("span", {}, `(${here}`) : null);
}

function span(us) {
  const s = Math.max(0, Math.round(us / 1e6));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} days`;
}

function number(value, unit) {
  if (value === null || value === undefined) return "no value";
  const digits = unit in DIGITS ? DIGITS[unit] : 3;
  const shown = unit in UNITS ? UNITS[unit] : unit;
  return `${value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false })}${shown === "%" ? "" : " "}${shown}`.trim();
}

// An age that `showAges` keeps up to date.
function age(us, after) {
  return make("span", { "data-us": String(us), "data-after": after, title: both(us) }, span(view.now_us - us) + after);
}

function showAges() {
  for (const element of document.querySelectorAll("[data-us]")) {
    const text = span(view.now_us - Number(element.dataset.us)) + element.dataset.after;
    if (element.textContent !== text) element.textContent = text;
  }
}

const words = (name) => { const text = name.replaceAll("_", " "); return text.charAt(0).toUpperCase() + text.slice(1); };

// ---- alerts ---------------------------------------------------------------------------------------------------------

const inForce = (alert) => !alert.superseded && alert.expires_us >= view.now_us;

function alertCard(alert) {
  const cancelled = alert.msg_type === "Cancel";
  const standing = inForce(alert);
  const severity = cancelled ? "cancelled" : alert.severity.toLowerCase();
  const state = alert.superseded ? "Replaced" : standing ? (cancelled ? "All earlier messages withdrawn" : "In force") : "Expired";
  const chips = make("div", { class: "chips" },
    make("span", { class: "chip severity" }, cancelled ? "Cancelled" : alert.severity),
    alert.mode === "actual" ? null : make("span", { class: `chip mode ${alert.mode}` }, alert.mode.toUpperCase()),
    make("span", { class: "chip" }, alert.msg_type === "Cancel" ? "Cancellation" : alert.msg_type),
    make("span", { class: "chip" }, state));
  const areas = alert.areas.length > 12 ? `${alert.areas.slice(0, 12).join(", ")} and ${alert.areas.length - 12} more` : alert.areas.join(", ");
  return make("article", { class: standing ? "alert" : "alert past", "data-severity": severity },
    chips,
    make("h3", {}, alert.headline),
    areas ? make("p", { class: "areas" }, areas) : null,
    make("dl", {},
      make("dt", {}, "Sent"), make("dd", {}, instant(alert.sent_us)),
      make("dt", {}, "Expires"), make("dd", {}, instant(alert.expires_us))),
    alert.summary ? make("details", { open: standing && alert.summary.length < 400 }, make("summary", {}, "Text"), make("p", {}, alert.summary)) : null,
    make("p", { class: "where" }, make("a", { href: `cap/${encodeURIComponent(alert.file)}` }, "CAP message"), " ", reliefLink(alert), " ", make("code", {}, alert.identifier)));
}

// The situation report, on the latest message of an event that was assessed.
function reliefLink(alert) {
  const relief = alert.superseded ? undefined : (view.relief || []).find((r) => r.event === alert.event);
  return relief ? make("a", { href: `relief/${encodeURIComponent(relief.event)}.html` }, "Situation report") : null;
}

// The worst first, cancellations last; the newest first among equals, since sorting is stable.
const SEVERITIES = ["Extreme", "Severe", "Moderate", "Minor", "Unknown"];
const urgency = (alert) => (alert.msg_type === "Cancel" ? SEVERITIES.length : SEVERITIES.indexOf(alert.severity));

function showAlerts() {
  const newest = [...view.alerts].sort((a, b) => b.sent_us - a.sent_us);
  const standing = newest.filter(inForce).sort((a, b) => urgency(a) - urgency(b));
  const past = newest.filter((alert) => !inForce(alert));
  $("in-force").replaceChildren(...(standing.length > 0 ? standing.map(alertCard)
    : [make("p", { class: "empty" }, view.ready ? "No alert is in force. That is not an all-clear: see whether the stations report." : "The hub is starting; alerts are not known yet.")]));
  $("earlier").hidden = past.length === 0;
  $("earlier-count").textContent = `(${past.length})`;
  $("earlier-list").replaceChildren(...past.slice(0, ROWS_MAX).map(alertCard));
  const real = standing.filter((alert) => alert.msg_type !== "Cancel").length;
  const prefix = view.mode === "actual" ? "" : `${view.mode.toUpperCase()} `;
  document.title = `${real > 0 ? `(${real}) ` : ""}${prefix}${$("title").textContent} - Watchfire`;
}

// ---- alerts of other senders ----------------------------------------------------------------------------------------

// Who vouches for a message, in a word and in a sentence. Only a signature is called verified.
function voucher(other) {
  const signature = other.signature ? ` Its signature does not count: ${other.signature}.` : "";
  if (other.standing === "signed") return ["Verified", `Signed by ${other.signer}, whom this deployment trusts.`];
  if (other.standing === "transport") return ["Not signed, by HTTPS", `Fetched over HTTPS from ${other.host}: the server is known, the sender is not proven.${signature}`];
  if (other.standing === "bad_signature") return ["Bad signature", `Do not believe this: ${other.why}.`];
  return ["Unverified", `Nobody vouches for this.${signature}`];
}

function otherCard(other) {
  const ended = other.state === "ended";
  const lead = other.parts.length > 0 ? other.parts[0] : { severity: "Unknown", urgency: "Unknown", certainty: "Unknown" };
  const [word, sentence] = voucher(other);
  const actual = other.status === "Actual";
  const texts = [other.description, other.instruction].filter((text) => text !== "");
  return make("article", { class: ended ? "alert other past" : "alert other", "data-severity": ended ? "cancelled" : lead.severity.toLowerCase() },
    make("div", { class: "chips" },
      make("span", { class: "chip severity" }, ended ? "Ended" : lead.severity),
      make("span", { class: actual ? "chip real" : `chip mode ${other.status.toLowerCase()}` }, other.status.toUpperCase()),
      make("span", { class: `chip voucher ${other.standing}`, title: sentence }, word),
      other.contested ? make("span", { class: "chip voucher bad_signature", title: "Another message with the same name says something else." }, "Contested") : null,
      make("span", { class: "chip" }, other.msg_type)),
    make("h3", {}, other.headline || other.identifier),
    make("p", { class: "areas" }, other.sender_name ? `${other.sender_name} (${other.sender})` : other.sender),
    ...other.parts.map((part) => make("p", {}, make("b", {}, part.event), ` ${part.urgency}, ${part.severity}, ${part.certainty}`,
      part.areas.length > 0 ? `: ${part.areas.join(", ")}${part.areas_more > 0 ? ` and ${part.areas_more} more` : ""}` : "")),
    make("dl", {},
      make("dt", {}, "Sent"), make("dd", {}, instant(other.sent_us)),
      other.onset_us === null ? null : make("dt", {}, "Begins"), other.onset_us === null ? null : make("dd", {}, instant(other.onset_us)),
      make("dt", {}, "Expires"), make("dd", {}, instant(other.expires_us), other.expires_assumed ? " (not said; a day is assumed)" : ""),
      make("dt", {}, "Heard"), make("dd", {}, instant(other.received_us), ` by ${other.feeds.join(", ")}`)),
    make("p", { class: `vouched ${other.standing}` }, sentence),
    texts.length > 0 ? make("details", {}, make("summary", {}, "Text"), ...texts.map((text) => make("p", {}, text))) : null,
    other.complaints.length > 0 ? make("details", {}, make("summary", {}, "What is wrong with the message"), ...other.complaints.map((text) => make("p", {}, text))) : null,
    make("p", { class: "where" },
      other.web !== null && /^https?:[/]{2}/i.test(other.web) ? make("a", { href: other.web, rel: "noopener noreferrer", target: "_blank" }, "The sender's page") : null,
      " ", make("code", {}, other.identifier)));
}

function showOthers() {
  const others = view.others;
  $("others").hidden = others.feeds.length === 0 && others.actual.length === 0 && others.not_actual.length === 0;
  $("others-feeds").replaceChildren(...others.feeds.map((feed) => make("li", { class: feed.known ? "feed" : "feed unknown" },
    make("b", {}, feed.name), " ", make("span", { class: "chip" }, feed.known ? "ok" : `unknown: ${feed.state}`), ` ${feed.text}`)));
  const known = others.feeds.every((feed) => feed.known);
  $("others-actual").replaceChildren(...(others.actual.length > 0 ? others.actual.map(otherCard)
    : [make("p", { class: "empty" }, known ? "The feeds list nothing in force. That is not an all-clear." : "Unknown: not every feed is heard or read whole. That nothing is listed here says nothing.")]));
  $("others-apart").hidden = others.not_actual.length === 0;
  $("others-apart-count").textContent = `(${others.not_actual.length})`;
  $("others-not-actual").replaceChildren(...others.not_actual.map(otherCard));
  $("others-more").hidden = others.more === 0;
  $("others-more").textContent = `and ${others.more} more, none graver than the last one shown`;
  // On the page of an exercise stands what is real: the band above must not deny it.
  const real = view.mode !== "actual" && others.actual.length > 0;
  $("others-real").hidden = !real;
  $("others-real").textContent = `This deployment runs in mode ${view.mode.toUpperCase()}, but what is marked ACTUAL here is real.`;
  document.documentElement.dataset.others = real ? "real" : "";
}

// ---- situations -----------------------------------------------------------------------------------------------------

const opened = new Map();    // situations whose list was opened or closed by hand

function evidenceRow(found) {
  const times = found.until_us === null ? "" : found.until_us > found.since_us ? ` to ${hms(found.until_us).slice(0, 5)}` : "";
  return make("li", { class: found.until_us === null ? "" : "past" },
    make("span", { class: "kind" }, words(found.kind)), " ",
    found.damage ? make("span", { class: "chip severity" }, "Damage") : null, " ",
    make("b", {}, found.name), " ",
    make("time", { dateTime: iso(found.since_us), title: both(found.since_us) }, `${hms(found.since_us).slice(0, 5)}${times} UTC`),
    found.text && found.text !== found.name ? make("div", {}, found.text) : null,
    found.because ? make("div", { class: "because" }, found.because) : null);
}

function situationCard(situation) {
  const on = situation.over_us === null;
  const list = make("details", { open: opened.has(situation.id) ? opened.get(situation.id) : on && situation.evidence.length <= 8 },
    make("summary", {}, `${situation.evidence.length + situation.more} ${situation.evidence.length + situation.more === 1 ? "finding" : "findings"}`),
    make("ol", { class: "evidence" }, ...situation.evidence.map(evidenceRow),
      situation.more > 0 ? make("li", {}, `and ${situation.more} more, all over or of a kind that is listed; the timeline has them`) : null));
  list.addEventListener("toggle", () => opened.set(situation.id, list.open));
  return make("article", { class: on ? "alert situation" : "alert situation past", id: situation.id },
    make("div", { class: "chips" },
      make("span", { class: "chip" }, on ? "On" : "Over"),
      situation.damage > 0 ? make("span", { class: "chip severity" }, "Evidence of damage") : null,
      ...situation.events.map((event) => make("span", { class: "chip" }, `Alerts of ${event}`))),
    make("h3", {}, situation.title),
    make("p", { class: "where" }, "Since ", instant(situation.since_us), ", ", make("code", {}, situation.id)),
    list);
}

function showSituations() {
  const newest = [...view.situations].reverse().sort((a, b) => (a.over_us !== null) - (b.over_us !== null));
  $("situations").hidden = newest.length === 0;
  $("situation-list").replaceChildren(...newest.map(situationCard));
}

// ---- sirens ---------------------------------------------------------------------------------------------------------

// A siren that does not answer is unknown: it is never shown as silent.
const SIREN_MARKS = { sounding: "finding", done: "good", silenced: "good", idle: "good", failed: "fault", refused: "fault", unknown: "unknown" };
const sirensOpened = new Map();  // zones whose list was opened or closed by hand

function sirenMark(state) {
  const icon = draw("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" });
  const kind = SIREN_MARKS[state] || "unknown";
  icon.append(mark(kind, 7, 7, 5));
  return make("span", { class: `state ${kind}` }, icon, words(state));
}

function sirenRow(siren) {
  return make("li", {}, sirenMark(siren.state), " ", make("b", {}, siren.id), ` at ${siren.edge}`,
    siren.mode && siren.mode !== "actual" ? make("span", { class: `chip mode ${siren.mode}` }, siren.mode.toUpperCase()) : null,
    siren.reason ? make("div", { class: "because" }, siren.reason) : null);
}

function sirenZone(zone) {
  const order = zone.order;
  const share = order === null ? "Nothing is ordered" : `${zone.acknowledged} of ${zone.expected} acknowledged (${Math.floor(100 * zone.share)}%)`;
  const rest = [[zone.sounding, "sounding"], [zone.failed, "failed"], [zone.unknown, "unknown"]].filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`);
  const troubled = zone.failed > 0 || zone.unknown > 0;
  const list = make("details", { open: sirensOpened.has(zone.id) ? sirensOpened.get(zone.id) : (order !== null || troubled) && zone.expected <= 12 },
    make("summary", {}, `${zone.expected} ${zone.expected === 1 ? "siren" : "sirens"}${rest.length > 0 ? `: ${rest.join(", ")}` : ""}`),
    make("ul", { class: "evidence" }, ...zone.sirens.map(sirenRow)));
  list.addEventListener("toggle", () => sirensOpened.set(zone.id, list.open));
  return make("article", { class: order === null ? "alert past" : "alert situation" },
    make("div", { class: "chips" },
      make("span", { class: "chip" }, order === null ? "Quiet" : `Ordered: ${order.signal}`),
      order !== null && order.mode !== "actual" ? make("span", { class: `chip mode ${order.mode}` }, order.mode.toUpperCase()) : null),
    make("h3", {}, zone.id),
    make("p", { class: "where" }, share, order === null ? null : ", since ", order === null ? null : instant(order.since_us)),
    list);
}

function showSirens() {
  $("sirens").hidden = view.sirens.length === 0;
  $("siren-list").replaceChildren(...view.sirens.map(sirenZone));
}

// ---- stations -------------------------------------------------------------------------------------------------------

// A shape for each state, so that it can be told without colour.
function mark(state, x, y, r) {
  if (state === "finding") return draw("path", { class: "mark finding", d: `M${x} ${y - 1.3 * r}L${x + 1.25 * r} ${y + r}L${x - 1.25 * r} ${y + r}Z` });
  if (state === "fault") return draw("rect", { class: "mark fault", x: x - 0.85 * r, y: y - 0.85 * r, width: 1.7 * r, height: 1.7 * r });
  return draw("circle", { class: `mark ${state}`, cx: x, cy: y, r: 0.9 * r });
}

function stateWord(state) {
  const icon = draw("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" });
  icon.append(mark(state, 7, 7, 5));
  return make("span", { class: `state ${state}` }, icon, state === "unknown" ? "No data" : words(state));
}

function valueLine(quantity, latest) {
  const flags = FLAGS.filter(([bit]) => (latest.quality & bit) !== 0);
  return make("div", { class: "value" },
    make("span", {}, words(quantity)),
    make("b", {}, number(latest.value, latest.unit)),
    age(latest.time_us, " ago"),
    ...flags.map(([bit, name]) => make("span", { class: (bit & NOTES) === 0 ? "flag" : "flag note" }, name)));
}

function stationRow(station) {
  const latest = Object.entries(station.latest);
  return make("tr", {},
    make("td", {}, make("b", {}, station.name), make("small", {}, station.name === station.id ? station.domain : `${station.id}, ${station.domain}`)),
    make("td", {}, stateWord(station.state)),
    make("td", {},
      station.finding ? make("div", { class: "found" }, station.finding) : null,
      ...latest.map(([quantity, value]) => valueLine(quantity, value)),
      latest.length === 0 ? make("small", {}, "nothing received yet") : null));
}

const rows = new Map();

function showStations() {
  const all = [...view.stations.values()].sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.name.localeCompare(b.name));
  const counts = STATES.map((state) => [state, all.filter((s) => s.state === state).length]).filter(([, n]) => n > 0);
  $("coverage").textContent = all.length === 0 ? "No stations are configured or known yet."
    : `${all.length} ${all.length === 1 ? "station" : "stations"}: ${counts.map(([state, n]) => `${n} ${state === "unknown" ? "without data" : state}`).join(", ")}`;
  // A row is made anew only when its station changed, and rows move only when their order did: text stays selectable.
  const wanted = all.slice(0, ROWS_MAX).map((station) => {
    const known = rows.get(station.id);
    if (known !== undefined && known.station === station) return known.row;
    const row = stationRow(station);
    rows.set(station.id, { station, row });
    return row;
  });
  const present = $("stations").children;
  if (wanted.length !== present.length || wanted.some((row, i) => row !== present[i])) $("stations").replaceChildren(...wanted);
  $("stations-more").hidden = all.length <= ROWS_MAX;
  $("stations-more").textContent = `and ${all.length - ROWS_MAX} more, all no worse than the last one shown; every station is in the JSON`;
  showMap(all);
}

// ---- map ------------------------------------------------------------------------------------------------------------

// Where to cut the globe: in the widest gap between stations, so that a network across the date line stays together.
function unwrap(longitudes) {
  const sorted = longitudes.map((lon) => ((lon % 360) + 360) % 360).sort((a, b) => a - b);
  let start = sorted[0];
  let widest = sorted[0] + 360 - sorted[sorted.length - 1];
  for (let i = 1; i < sorted.length; i += 1) {
    if (sorted[i] - sorted[i - 1] > widest) { widest = sorted[i] - sorted[i - 1]; start = sorted[i]; }
  }
  return (lon) => start + ((((lon - start) % 360) + 360) % 360);
}

// Land in half-degree cells: rows from the north pole down, each a list of runs from 180 degrees west on, sea and land in turn,
// lengths in base 36. Half a degree is enough to see where one is, and too coarse for a town.
let land = [];
const LAND_STEP = 0.5;
const LAND_SPAN_MIN = 4;

async function loadLand() {
  try {
    const answer = await fetch("land.txt");
    if (!answer.ok) return;
    land = (await answer.text()).trimEnd().split("\n").map((row) => row.split(" ").map((n) => parseInt(n, 36)));
    delete $("map").dataset.drawn;
    show(showStations);
  } catch (error) {
    console.warn("no land on the map:", error);
  }
}

// One path for all land between these bounds, in pixels; `west` may be any longitude.
function landPath(west, south, eastEdge, north, px, py) {
  const parts = [];
  for (let row = Math.max(0, Math.floor((90 - north) / LAND_STEP)); row < land.length && 90 - row * LAND_STEP > south; row += 1) {
    const top = py(90 - row * LAND_STEP);
    const tall = py(90 - (row + 1) * LAND_STEP) - top + 0.5;
    let at = -180;
    for (const [i, cells] of land[row].entries()) {
      const width = cells * LAND_STEP;
      if (i % 2 === 1) {
        for (let turn = at + 360 * Math.floor((west - at) / 360); turn < eastEdge; turn += 360) {
          const [l, r] = [Math.max(turn, west), Math.min(turn + width, eastEdge)];
          if (r > l) parts.push(`M${px(l).toFixed(1)} ${top.toFixed(1)}h${(px(r) - px(l) + 0.5).toFixed(1)}v${tall.toFixed(1)}H${px(l).toFixed(1)}z`);
        }
      }
      at += width;
    }
  }
  return parts.join("");
}

function degree(value, positive, negative, step) {
  const digits = step >= 1 ? 0 : Math.min(3, Math.ceil(-Math.log10(step)));
  return `${Math.abs(value).toFixed(digits)}°${value === 0 ? "" : value > 0 ? positive : negative}`;
}

function showMap(all) {
  const box = $("map");
  const placed = all.filter((s) => Number.isFinite(s.lat) && Number.isFinite(s.lon));
  box.hidden = placed.length === 0;
  if (placed.length === 0) return;
  const width = Math.max(280, box.clientWidth);
  const drawn = `${width} ${placed.map((s) => `${s.id} ${s.state} ${s.lat} ${s.lon}`).join(" ")} ${view.outages.map((o) => `${o.id} ${o.out} ${o.of} ${o.area_km2}`).join(" ")} ${view.others.actual.map((o) => `${o.identifier} ${o.state} ${o.standing}`).join(" ")}`;
  if (box.dataset.drawn === drawn) return;
  box.dataset.drawn = drawn;
  const height = Math.round(Math.min(Math.max(460, window.innerHeight * 0.45), Math.max(200, width * 0.55)));
  const east = unwrap(placed.map((s) => s.lon));
  const points = placed.map((s) => ({ s, x: east(s.lon), y: s.lat }));
  const low = { x: Math.min(...points.map((p) => p.x)), y: Math.min(...points.map((p) => p.y)) };
  const high = { x: Math.max(...points.map((p) => p.x)), y: Math.max(...points.map((p) => p.y)) };
  const middle = { x: (low.x + high.x) / 2, y: (low.y + high.y) / 2 };
  const squeeze = Math.max(0.2, Math.cos(middle.y * Math.PI / 180));
  // A lone buoy needs an ocean around it to say where it is, a lone meter a few streets.
  const span_min = placed.some((s) => s.domain === "tsunami") ? 40 : 0.01;
  // Degrees of latitude per pixel, with room for labels at the edges.
  const scale = Math.max((high.x - low.x) * squeeze / (width - 150), (high.y - low.y) / (height - 70), span_min / height);
  const px = (x) => width / 2 + (x - middle.x) * squeeze / scale;
  const py = (y) => height / 2 - (y - middle.y) / scale;
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });

  const halfWidth = width / 2 * scale / squeeze;
  const halfHeight = height / 2 * scale;
  if (2 * halfWidth > LAND_SPAN_MIN && land.length > 0) {
    svg.append(draw("path", { class: "land", d: landPath(middle.x - halfWidth, middle.y - halfHeight, middle.x + halfWidth, middle.y + halfHeight, px, py) }));
  }

  const step = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 45].find((d) => d / scale >= 70) || 60;
  for (let i = Math.ceil((middle.x - halfWidth) / step); px(i * step) < width; i += 1) {
    const x = px(i * step);
    const lon = ((i * step + 540) % 360 + 360) % 360 - 180;
    svg.append(draw("path", { class: "grid", d: `M${x} 0V${height}` }));
    if (x > 34 && x < width - 24) svg.append(draw("text", { class: "degree", x, y: height - 6, "text-anchor": "middle" }, lon === -180 ? "180°" : degree(lon, "E", "W", step)));
  }
  for (let i = Math.ceil((middle.y - halfHeight) / step); py(i * step) > 0; i += 1) {
    const lat = i * step;
    if (Math.abs(lat) > 90) continue;
    const y = py(lat);
    svg.append(draw("path", { class: "grid", d: `M0 ${y}H${width}` }));
    if (y > 14 && y < height - 22) svg.append(draw("text", { class: "degree", x: 5, y: y - 4 }, degree(lat, "N", "S", step)));
  }

  for (const other of view.others.actual.filter((o) => o.state === "in_force" && o.standing !== "bad_signature")) {
    for (const outline of other.outlines) {
      const corners = outline.map(([lat, lon]) => [east(lon), lat]);
      const xs = corners.map(([x]) => x);
      // One that the map's edge cuts would be drawn across the whole map.
      if (Math.max(...xs) - Math.min(...xs) > 180) continue;
      const area = draw("path", { class: "other", d: `M${corners.map(([x, y]) => `${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join("L")}Z` });
      area.append(draw("title", {}, `${other.sender}: ${other.headline}`));
      svg.append(area);
    }
  }

  for (const outage of view.outages) {
    const corners = outage.area.map(([lat, lon]) => `${px(east(lon)).toFixed(1)} ${py(lat).toFixed(1)}`);
    if (corners.length < 3) continue;
    const area = draw("path", { class: "outage", d: `M${corners.join("L")}Z` });
    area.append(draw("title", {}, `${outage.id}: ${outage.out} of ${outage.of} meters out`));
    svg.append(area);
  }

  // The good ones first, so that what needs attention lies on top; labels in the opposite order, so that it gets the room.
  const taken = [];
  for (const p of [...points].reverse()) {
    const dot = mark(p.s.state, px(p.x), py(p.y), 7);
    dot.append(draw("title", {}, `${p.s.name}: ${p.s.state === "unknown" ? "no data" : p.s.state}`));
    svg.append(dot);
    taken.push([px(p.x) - 8, py(p.y) - 8, px(p.x) + 8, py(p.y) + 8]);
  }
  const size = window.innerWidth >= 2000 ? 18 : 12;
  const free = ([l, t, r, b]) => l > 0 && r < width && t > 0 && b < height - 16 && !taken.some((o) => l < o[2] && r > o[0] && t < o[3] && b > o[1]);
  for (const p of points.slice(0, LABELS_MAX)) {
    const [x, y, w] = [px(p.x), py(p.y), p.s.id.length * size * 0.62];
    const spots = [[x + 11, y + 4, "start", x + 10, x + 11 + w], [x - 11, y + 4, "end", x - 11 - w, x - 10], [x, y - 12, "middle", x - w / 2, x + w / 2], [x, y + 21, "middle", x - w / 2, x + w / 2]];
    const spot = spots.find(([, baseline, , l, r]) => free([l, baseline - size, r, baseline + 3]));
    if (spot === undefined) continue;
    taken.push([spot[3], spot[1] - size, spot[4], spot[1] + 3]);
    svg.append(draw("text", { class: "label", x: spot[0], y: spot[1], "text-anchor": spot[2] }, p.s.id));
  }
  box.replaceChildren(svg);
}

// ---- timeline, conditions, header -----------------------------------------------------------------------------------

function took(ms) {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function showTimeline() {
  const items = [];
  let shown = "";
  for (const entry of view.timeline.slice(-ROWS_MAX).reverse()) {
    if (!valid(entry.time_us)) continue;
    if (day(entry.time_us) !== shown) {
      shown = day(entry.time_us);
      items.push(make("li", { class: "day" }, `${shown} UTC`));
    }
    const kind = /^[a-z_]+$/.test(entry.kind) ? entry.kind : "note";
    items.push(make("li", {},
      make("time", { dateTime: iso(entry.time_us), title: both(entry.time_us) }, hms(entry.time_us)),
      make("div", {},
        make("div", { class: `kind is-${kind}` }, entry.kind.replaceAll("_", " ")),
        entry.text, " ",
        entry.situation ? make("a", { class: "of", href: `#${entry.situation}` }, entry.situation) : null, " ",
        Number.isFinite(entry.compute_ms) ? make("span", { class: "took" }, `computed in ${took(entry.compute_ms)}`) : null)));
  }
  $("entries").replaceChildren(...(items.length > 0 ? items : [make("li", { class: "day" }, "Nothing has happened yet.")]));
}

function showConditions() {
  const stalled = view.stalled ? [{ code: "stalled", text: "The hub's clock stands still: nothing is being assessed.", since_us: view.now_us }] : [];
  const all = [...stalled, ...view.conditions];
  $("conditions").hidden = all.length === 0;
  $("conditions").replaceChildren(...all.map((c) => make("p", { class: "condition" },
    make("code", {}, c.code), make("span", {}, c.text), make("time", { dateTime: iso(c.since_us) }, `since ${hms(c.since_us).slice(0, 5)} UTC, `, age(c.since_us, "")))));
}

function showHeader() {
  const lost = Date.now() - heard_ms > QUIET_MS;
  const status = lost ? "lost" : closed ? "closed" : !view.ready ? "starting" : view.stalled ? "stalled" : view.conditions.length > 0 ? "degraded" : "ok";
  $("status").dataset.status = status;
  const text = { lost: "Connection lost", closed: "Log in to see", starting: "Starting", stalled: "Stalled", degraded: "Degraded", ok: "Working" }[status];
  if ($("status").textContent !== text) $("status").textContent = text;
  $("lost").hidden = !lost;
  $("lost-text").textContent = view.now_us > 0 ? `What you see is as of ${both(view.now_us)}. Trying again.` : "Nothing has been received yet. Trying again.";
  document.body.classList.toggle("stale", lost);
  if (view.now_us > 0) {
    $("clock-utc").textContent = `${day(view.now_us)} ${hms(view.now_us)} UTC`;
    $("clock-local").textContent = `here ${localTime.format(date(view.now_us))}`;
  }
}

// Everything that changed since the last picture is shown in the next one, at most once.
const due = new Set();
function show(...what) {
  if (due.size === 0) requestAnimationFrame(() => { const now = [...due]; due.clear(); for (const part of now) part(); });
  for (const part of what) due.add(part);
}

// ---- snapshot and changes -------------------------------------------------------------------------------------------

let heard_ms = Date.now();
let closed = false;          // what the page shows is for those who have logged in, and nobody has
let waiting = null;          // changes that arrive while the snapshot is on its way
let source = null;
let force = 0;               // messages in force when the alerts were last shown

const sameEntry = (a, b) => a.time_us === b.time_us && a.kind === b.kind && a.text === b.text;

const apply = {
  stations(list) {
    for (const station of list) view.stations.set(station.id, station);
    show(showStations);
  },
  alert(alert) {
    if (view.alerts.some((known) => known.identifier === alert.identifier)) return;
    for (const known of view.alerts) if (known.event === alert.event) known.superseded = true;
    view.alerts.push(alert);
    show(showAlerts);
  },
  timeline(entry) {
    if (view.timeline.slice(-100).some((known) => sameEntry(known, entry))) return;
    view.timeline.push(entry);
    if (view.timeline.length > 2 * ROWS_MAX) view.timeline.splice(0, ROWS_MAX);
    show(showTimeline);
  },
  picture(picture) {
    Object.assign(view, picture);
    show(showSituations, showStations);
  },
  others(others) {
    view.others = others;
    show(showOthers, showStations);
  },
  relief(relief) {
    const first = !(view.relief || []).some((r) => r.event === relief.event);
    view.relief = [...(view.relief || []).filter((r) => r.event !== relief.event), relief];
    if (first) show(showAlerts);
  },
  sirens(zones) {
    view.sirens = zones;
    show(showSirens);
  },
  conditions(list) {
    view.conditions = list;
    show(showConditions, showHeader);
  },
  clock(clock) {
    const stalled = view.stalled;
    Object.assign(view, clock);
    if (stalled !== view.stalled) show(showConditions);
    const standing = view.alerts.filter(inForce).length;
    if (standing !== force) { force = standing; show(showAlerts); }
    show(showHeader, showAges);
  },
};

function take(snapshot) {
  document.documentElement.dataset.mode = snapshot.mode;
  Object.assign(view, snapshot, { stations: new Map(snapshot.stations.map((s) => [s.id, s])) });
  $("title").textContent = snapshot.title || snapshot.deployment;
  $("deployment").textContent = `Deployment ${snapshot.deployment}`;
  $("version").textContent = `Watchfire ${snapshot.version}`;
  const folder = snapshot.mode === "actual" ? "" : `${snapshot.mode}/`;
  $("feed-atom").href = `${folder}feed.atom`;
  $("feed-rss").href = `${folder}feed.rss`;
  show(showHeader, showConditions, showAlerts, showOthers, showSituations, showSirens, showStations, showTimeline);
}

let loading = false;
let again = false;
async function load() {
  // The snapshot on its way may have been made before the stream was opened: it needs a later one.
  if (loading) { again = true; return; }
  loading = true;
  waiting = [];
  try {
    const answer = await fetch("api/state", { cache: "no-store", signal: AbortSignal.timeout(QUIET_MS) });
    closed = answer.status === 401;
    document.body.classList.toggle("closed", closed);
    if (closed) {
      // Somebody who must log in has a connection all the same.
      heard_ms = Date.now();
      waiting = null;
      return;
    }
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    take(await answer.json());
    heard_ms = Date.now();
    const late = waiting;
    waiting = null;
    for (const [name, data] of late) apply[name](data);
  } catch (error) {
    console.warn("no snapshot:", error);
    again = true;
  } finally {
    loading = false;
    if (again) { again = false; loadSoon(); }
  }
}

// Everyone is told to reload at the same moment: spread out, and never more than one at a time.
let reload = null;
function loadSoon() {
  if (reload === null) reload = setTimeout(() => { reload = null; load(); }, 500 + Math.random() * 1500);
}

function listen() {
  if (source !== null) source.close();
  source = new EventSource("events");
  source.addEventListener("hello", () => { heard_ms = Date.now(); load(); });
  source.addEventListener("reload", () => { heard_ms = Date.now(); loadSoon(); });
  for (const name of Object.keys(apply)) {
    source.addEventListener(name, (event) => {
      heard_ms = Date.now();
      const data = JSON.parse(event.data);
      if (waiting !== null) waiting.push([name, data]);
      else apply[name](data);
    });
  }
}

let tried_ms = Date.now();
function watch() {
  showHeader();
  const refused = source.readyState === EventSource.CLOSED;
  if (Date.now() - Math.max(heard_ms, tried_ms) < (refused ? POLL_MS : QUIET_MS)) return;
  // A stream that was refused stays closed by itself, one that has gone quiet may be dead: open it anew. When there is no
  // place for another listener, the snapshot every few seconds still keeps the page alive.
  tried_ms = Date.now();
  if (refused) loadSoon();
  listen();
}

const theme = new URLSearchParams(location.search).get("theme");
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
new ResizeObserver(() => { if (view.now_us > 0) show(showStations); }).observe($("network"));
document.addEventListener("who", () => { if (who.login_to_view) { load(); listen(); } });
load();
loadLand();
listen();
setInterval(watch, 1000);
