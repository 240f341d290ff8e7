// Who is logged in. `who` says it, the event "who" on the document tells when it changes, and `act` sends what somebody does.
// Passwords go out in the request and stay nowhere here.
"use strict";

const LOOK_MS = 60000;       // how often to ask whether the session still lasts; asking does not lengthen it

const who = { name: null, roles: [], permissions: [], expires_us: null, accounts: false, login_to_view: false };
const may = (permission) => who.permissions.includes(permission);

const part = (id) => document.getElementById(id);

// Takes what the hub says about who this is, and shows it.
function takeWho(now) {
  const ended = who.name !== null && now.name === null && !leaving;
  const changed = who.name !== now.name || who.permissions.join() !== now.permissions.join();
  Object.assign(who, now);
  part("me").hidden = !who.accounts && who.name === null;
  part("me-name").textContent = who.name === null ? "" : `${who.name} (${who.roles.join(", ")})`;
  part("me-name").title = who.expires_us === null ? "" : `Logged in until ${new Date(who.expires_us / 1000).toISOString().slice(11, 16)} UTC at the latest`;
  part("me-button").textContent = who.name === null ? "Log in" : "Log out";
  if (who.name !== null) part("me-ended").hidden = true;
  else if (ended) part("me-ended").hidden = false;
  if (changed) document.dispatchEvent(new Event("who"));
}

function openLogin() {
  part("login").hidden = false;
  part("me-button").setAttribute("aria-expanded", "true");
  (part("login-name").value === "" ? part("login-name") : part("login-password")).focus();
}

function closeLogin() {
  part("login").hidden = true;
  part("login-error").textContent = "";
  part("login-password").value = "";
  part("me-button").setAttribute("aria-expanded", "false");
  part("me-button").focus();
}

// Sends a request that changes something; gives the answer's JSON, or throws with the hub's own words. The header says that this page
// sends it: another site's page could not.
async function act(path, body) {
  const headers = { "X-Watchfire": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method: "POST", headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(30000) });
  let said = {};
  try { said = await answer.json(); } catch { /* said nothing that can be read */ }
  if (answer.status === 401 && who.name !== null) lookWho();
  if (!answer.ok) throw new Error(said.error || `The hub answered with status ${answer.status}.`);
  return said;
}

async function lookWho() {
  try {
    const answer = await fetch("api/me", { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(15000) });
    if (answer.ok) takeWho(await answer.json());
  } catch (error) {
    console.warn("not known who is logged in:", error);
  }
}

let leaving = false;

part("me-button").addEventListener("click", async () => {
  if (who.name === null) {
    if (part("login").hidden) openLogin();
    else closeLogin();
    return;
  }
  leaving = true;
  try {
    takeWho(await act("api/logout"));
  } catch (error) {
    console.warn("not logged out:", error);
    await lookWho();
  }
  leaving = false;
});

part("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = part("login-submit");
  button.disabled = true;
  part("login-error").textContent = "";
  try {
    takeWho(await act("api/login", { name: part("login-name").value, password: part("login-password").value }));
    closeLogin();
  } catch (error) {
    part("login-error").textContent = error.name === "TimeoutError" ? "The hub does not answer. Try again." : error.message;
    part("login-password").value = "";
    part("login-password").focus();
  } finally {
    button.disabled = false;
  }
});

part("login-cancel").addEventListener("click", closeLogin);
part("login").addEventListener("keydown", (event) => { if (event.key === "Escape") closeLogin(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden && who.name !== null) lookWho(); });
setInterval(() => { if (who.name !== null) lookWho(); }, LOOK_MS);
lookWho();
