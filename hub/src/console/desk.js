// The desk: drafts that wait for somebody, corrections, and messages that officers write. For those who have logged in.
// A real alert and a drill never share a button, a colour or a sentence: in Hawaii in 2018 they did.
"use strict";

(() => {

const DESK_MS = 2000;        // how often the desk is looked at while somebody is logged in

const desk = { drafts: [], zones: [], languages: [], subscribers: [], now_us: 0, asking: null, said: "" };
const mode = document.documentElement.dataset.mode;
const real = mode === "actual";

// What a draft says, by language; its message is read as XML and shown as text.
function textsOf(xml) {
  const root = new DOMParser().parseFromString(xml, "application/xml");
  const field = (info, name) => { const found = info.getElementsByTagName(name)[0]; return found ? found.textContent : ""; };
  return [...root.getElementsByTagName("info")].map((info) => ({
    language: field(info, "language"), headline: field(info, "headline"), description: field(info, "description"), instruction: field(info, "instruction"),
    areas: [...info.getElementsByTagName("areaDesc")].map((area) => area.textContent),
  }));
}

const names = (list) => (list.length === 0 ? "nobody yet" : list.join(" and "));

function dueText(draft) {
  if (draft.standing === "held") return "The deadline has passed. It is held until somebody decides.";
  const left = draft.due_us - desk.now_us;
  const then = draft.gate.at_deadline === "issue" ? "it goes out by itself" : "it is held";
  return left > 0 ? `In ${span(left)}, at ${hms(draft.due_us)} UTC, ${then} unless somebody decides.` : `Now ${then}.`;
}

// One question at a time: what is about to happen, in words that fit this mode only.
function question(key, text, yes, action, more) {
  if (desk.asking !== key) return null;
  const button = make("button", { type: "button", class: real ? "real" : "drill" }, yes);
  const reason = more ? make("input", { type: "text", maxLength: 500, placeholder: more }) : null;
  if (reason) reason.setAttribute("aria-label", more);
  button.addEventListener("click", async () => {
    button.disabled = true;
    await decide(reason ? { ...action, why: reason.value } : action);
  });
  const no = make("button", { type: "button" }, "Back");
  no.addEventListener("click", () => { desk.asking = null; showDesk(true); });
  return make("div", { class: "question", role: "alertdialog" }, make("p", {}, text), reason, make("div", { class: "buttons" }, button, no));
}

function opener(key, label, className) {
  const button = make("button", { type: "button", class: className || "" }, label);
  button.addEventListener("click", () => { desk.asking = key; showDesk(true); });
  return button;
}

async function decide(action) {
  try {
    desk.said = (await act("api/desk", action)).text;
  } catch (error) {
    desk.said = error.name === "TimeoutError" ? "The hub does not answer. Look again before you repeat it." : error.message;
  }
  desk.asking = null;
  await lookDesk();
  showDesk(true);
}

function draftCard(draft) {
  const texts = textsOf(draft.xml);
  const first = texts[0] || { headline: draft.reason, areas: [] };
  const zones = Object.entries(draft.weight.zones).map(([zone, grade]) => `${zoneName(zone)}: ${draft.ending ? "called back" : grade}`);
  const needed = draft.gate.approvals;
  const open = draft.standing === "waiting" || draft.standing === "held";
  const effect = draft.ending ? "calls back what is in force" : `asks the public to act in ${first.areas.join(", ")}`;
  const approve = real
    ? `This is a REAL message. It ${effect}. It leaves at once when ${needed === 1 ? "one person has" : "two persons have"} agreed.`
    : `This is ${mode === "exercise" ? "an EXERCISE" : "a TEST"}. Nobody is in danger. The message says so in every language.`;
  const buttons = make("div", { class: "buttons" });
  if (open && may("approve") && !draft.approvals.includes(who.name)) buttons.append(opener(`approve ${draft.id}`, "Approve", real ? "real" : "drill"));
  if (open && may("refuse")) buttons.append(opener(`refuse ${draft.id}`, "Refuse"));
  if (open && may("withdraw") && draft.author === who.name) buttons.append(opener(`withdraw ${draft.id}`, "Withdraw"));
  return make("article", { class: open ? "draft" : "draft past", "data-grade": draft.grade },
    make("div", { class: "chips" },
      make("span", { class: "chip" }, words(draft.standing)),
      make("span", { class: "chip" }, draft.ending ? "Calls back" : words(draft.grade)),
      real ? null : make("span", { class: `chip mode ${mode}` }, mode.toUpperCase()),
      draft.weight.observed ? make("span", { class: "chip" }, "Observed") : null),
    make("h3", {}, first.headline),
    make("p", { class: "areas" }, zones.join("; ")),
    make("p", {}, `From ${draft.author}: ${draft.reason}. Agreed: ${names(draft.approvals)}; ${needed} ${needed === 1 ? "person" : "persons"} needed.`),
    open ? make("p", { class: "due" }, dueText(draft)) : null,
    ...texts.map((text, at) => make("details", { open: open && at === 0 }, make("summary", { lang: text.language }, `Text (${text.language})`),
      make("div", { lang: text.language }, make("h4", {}, text.headline), make("p", {}, text.description), make("p", {}, text.instruction)))),
    open ? buttons : null,
    open ? question(`approve ${draft.id}`, approve, real ? "Yes, send the REAL message" : `Yes, send the ${mode}`, { action: "approve", draft: draft.id }) : null,
    open ? question(`refuse ${draft.id}`, "It does not go out. The event is proposed again only when it is worse.", "Refuse it", { action: "refuse", draft: draft.id }, "Why (for the log)") : null,
    open ? question(`withdraw ${draft.id}`, "Your draft is taken back.", "Withdraw it", { action: "withdraw", draft: draft.id }) : null);
}

const zoneName = (id) => { const zone = desk.zones.find((z) => z.id === id); return zone ? zone.name : id; };

// What is in force and can be called back in one step.
function callBacks() {
  if (!may("retract")) return [];
  return view.alerts.filter((alert) => inForce(alert) && alert.msg_type !== "Cancel").map((alert) => make("article", { class: "draft standing" },
    make("p", {}, make("strong", {}, "In force: "), alert.headline),
    make("div", { class: "buttons" }, opener(`correct ${alert.event}`, "Sent in error")),
    question(`correct ${alert.event}`, `Tells ${alert.areas.join(", ")} in every language that this message was sent in error, and calls it back. No second person is asked.`,
      real ? "Call the REAL message back" : `Call the ${mode} back`, { action: "correct", event: alert.event })));
}

// ---- a message of one's own -----------------------------------------------------------------------------------------

function written() {
  const form = $("write-form");
  const zones = [...form.querySelectorAll("input[name=zone]:checked")].map((box) => box.value);
  const texts = {};
  for (const set of form.querySelectorAll("fieldset[data-language]")) {
    const value = (name) => set.querySelector(`[name=${name}]`).value.trim();
    if (value("headline") || value("text")) {
      texts[set.dataset.language] = { headline: value("headline"), text: value("text") };
      if (value("instruction")) texts[set.dataset.language].instruction = value("instruction");
    }
  }
  const message = { level: form.elements.level.value, tsunami: form.elements.tsunami.checked, zones, words: texts };
  if (form.elements.event.value) message.event = form.elements.event.value;
  if (form.elements.event.value && form.elements.cancels.checked) message.cancels = true;
  return message;
}

// The events that a message can go on with: those in force.
function showEvents() {
  const select = $("write-form").elements.event;
  const events = [...new Map(view.alerts.filter((alert) => inForce(alert) && alert.msg_type !== "Cancel").map((alert) => [alert.event, alert.headline]))];
  const seen = JSON.stringify(events);
  if (select.dataset.seen === seen) return;
  select.dataset.seen = seen;
  const chosen = select.value;
  select.replaceChildren(make("option", { value: "" }, "A new event"), ...events.map(([event, headline]) => make("option", { value: event }, headline)));
  select.value = events.some(([event]) => event === chosen) ? chosen : "";
  showCancels();
}

function showCancels() {
  const form = $("write-form");
  $("write-cancels").hidden = form.elements.event.value === "";
  if (form.elements.event.value === "") form.elements.cancels.checked = false;
}

function buildForm() {
  const zones = make("fieldset", {}, make("legend", {}, "Zones"));
  for (const zone of desk.zones) {
    zones.append(make("label", { class: "check" }, make("input", { type: "checkbox", name: "zone", value: zone.id }), zone.name));
  }
  const fields = desk.languages.map((language, at) => {
    const row = (name, label, tag, properties) => make("label", {}, label, make(tag, { name, lang: language.tag, ...properties }));
    const fields = [
      row("headline", "Headline", "input", { maxLength: 160 }),
      row("text", "What happens", "textarea", { rows: 3, maxLength: 2000 }),
      row("instruction", "What to do (without it: follow the local authorities)", "textarea", { rows: 2, maxLength: 2000 }),
    ];
    if (at === 0) return make("fieldset", { "data-language": language.tag }, make("legend", {}, `${language.name} (needed)`), ...fields);
    return make("details", {}, make("summary", { lang: language.tag }, language.name), make("fieldset", { "data-language": language.tag }, ...fields));
  });
  $("write-fields").replaceChildren(zones, ...fields);
}

// ---- whom messages are pushed to ------------------------------------------------------------------------------------

function showDelivery() {
  $("delivery").hidden = desk.subscribers.length === 0;
  const troubled = desk.subscribers.filter((s) => s.last_error).length;
  $("delivery-count").textContent = `(${desk.subscribers.length}${troubled > 0 ? `, ${troubled} in trouble` : ""})`;
  $("delivery-list").replaceChildren(...desk.subscribers.map((s) => make("li", { class: s.last_error ? "bad" : "" },
    make("strong", {}, s.name), ` (${s.kind}): ${words(s.state)}, ${s.waiting} waiting`, s.last_error ? `. ${s.last_error}` : "")));
}

// ---- the whole ------------------------------------------------------------------------------------------------------

function showDesk(changed) {
  const shown = may("view");
  $("desk").hidden = !shown;
  if (!shown) return;
  $("desk-said").textContent = desk.said;
  $("write").hidden = !may("propose");
  if (!changed) {
    for (const [at, card] of [...$("drafts").querySelectorAll("article[data-grade] .due")].entries()) {
      const draft = desk.drafts.filter((d) => d.standing === "waiting" || d.standing === "held")[at];
      if (draft) card.textContent = dueText(draft);
    }
    return;
  }
  const open = desk.drafts.filter((d) => d.standing === "waiting" || d.standing === "held");
  const closed = desk.drafts.filter((d) => d.standing !== "waiting" && d.standing !== "held");
  $("drafts").replaceChildren(...(open.length > 0 ? open.map(draftCard) : [make("p", { class: "empty" }, "Nothing waits for a decision.")]), ...callBacks());
  $("decided").hidden = closed.length === 0;
  $("decided-count").textContent = `(${closed.length})`;
  $("decided-list").replaceChildren(...closed.slice(0, 50).map(draftCard));
}

let last = "";

async function lookDesk() {
  if (!may("view")) {
    last = "";
    showDesk(true);
    return;
  }
  try {
    const answer = await fetch("api/desk", { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(QUIET_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const now = await answer.json();
    const seen = JSON.stringify([now.drafts, now.head, view.alerts.length, who.permissions]);
    const changed = seen !== last;
    last = seen;
    const fresh = desk.languages.length === 0;
    Object.assign(desk, { drafts: now.drafts, zones: now.zones, languages: now.languages, subscribers: now.subscribers, now_us: now.now_us });
    showDelivery();
    $("desk-few").hidden = now.approvers >= now.asked;
    $("desk-few").textContent = `The gate asks ${now.asked} persons and ${now.approvers} can approve: messages fall to their deadline.`;
    showEvents();
    if (fresh) buildForm();
    showDesk(changed && desk.asking === null);
  } catch (error) {
    desk.said = "The desk cannot be seen now. Trying again.";
    showDesk(false);
    console.warn("the desk is not seen:", error);
  }
}

$("write-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = $("write-submit");
  button.disabled = true;
  $("write-error").textContent = "";
  try {
    desk.said = (await act("api/desk", { action: "write", message: written() })).text;
    event.target.reset();
    $("write").open = false;
  } catch (error) {
    $("write-error").textContent = error.message;
  } finally {
    button.disabled = false;
    lookDesk();
  }
});

$("write-form").elements.event.addEventListener("change", showCancels);
document.addEventListener("who", () => { desk.said = ""; desk.asking = null; lookDesk(); });
setInterval(() => { if (who.name !== null && !document.hidden) lookDesk(); }, DESK_MS);

})();
