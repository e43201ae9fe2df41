// The live page. Text goes in as text only; nothing here makes markup out of data.
import { clock, currentLanguage, has, metres, span, toggleLanguage, word } from "/words.js";
import { follow, now, read } from "/stream.js";

const MOST_ROWS = 200;
const MOST_DEVICES = 200;
const MOST_FILLED = 20;
const DEVICE_PAGES = 4;
const REFRESH_MS = 15_000;
/** Three intervals of the usual minute: a position that is older is said to be old. */
const OLD_AFTER_S = 180;
const NEW_FOR_MS = 20_000;

const $ = (id) => document.getElementById(id);
const rows = new Map(); // incident → {incident, element, changedAt}
let token = takeToken();
let stop = () => {};
let state = "closed";
let lastSign = 0;
let incidentsRead = null; // null: not yet; true or false: how the last reading went
let devices = [];
let devicesNote = "";
let refreshTimer = 0;

/** From the address (and out of it, so that it is in no history), else from this tab's memory. */
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    history.replaceState(null, "", location.pathname);
    sessionStorage.setItem("token", given);
  }
  return sessionStorage.getItem("token");
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Texts side by side, none of them broken in the middle: an id is read as one. */
function pieces(element, texts) {
  element.replaceChildren(...texts.flatMap((text) => {
    const piece = document.createElement("span");
    piece.className = "nowrap";
    piece.textContent = text;
    return [piece, " "];
  }));
}

function shape(level) {
  const known = $(`shape-${level}`) ?? $("shape-unknown");
  return known.content.cloneNode(true);
}

// --- the connection ---------------------------------------------------------------------------------------

function begin() {
  $("login").hidden = true;
  $("main").hidden = false;
  $("leave").hidden = false;
  state = "connecting";
  const followed = token;
  const mine = (act) => (...told) => token === followed && act(...told);
  stop = follow(token, {
    open: mine(() => {
      state = "live";
      lastSign = now();
      refresh();
    }),
    sign: mine(() => {
      lastSign = now();
    }),
    alert: mine((alert) => take(alert, true)),
    lost: mine(() => {
      state = "lost";
      draw();
    }),
    anew: mine(forget),
    refused: mine((status) => leave(status === 403 ? "forbidden" : "refused")),
  });
  draw();
}

function leave(why) {
  stop();
  clearTimeout(refreshTimer);
  sessionStorage.removeItem("token");
  token = null;
  state = "closed";
  forget();
  $("main").hidden = true;
  $("leave").hidden = true;
  $("login").hidden = false;
  put($("refused"), why ? word(why) : "");
  $("token").focus();
  draw();
}

function forget() {
  incidentsRead = null;
  devices = [];
  rows.forEach((row) => row.element.remove());
  rows.clear();
}

/** Reads what the events do not tell: what was open before, what was closed, and the devices. */
async function refresh() {
  clearTimeout(refreshTimer);
  const asked = token;
  await Promise.all([readIncidents(asked), readDevices(asked)]);
  if (token !== asked || !token) return;
  refreshTimer = setTimeout(refresh, REFRESH_MS);
  draw();
}

async function readIncidents(asked) {
  const before = now();
  try {
    const { items, next } = await read(`/v1/incidents?state=open&limit=${MOST_ROWS}`, asked);
    if (token !== asked) return;
    const open = new Set(items.map((item) => item.incident));
    items.reverse().forEach((item) => take(item, false));
    await fill(asked);
    if (token !== asked) return;
    for (const [id, row] of rows) {
      if (!next && !open.has(id) && row.touched < before) {
        row.element.remove();
        rows.delete(id);
      }
    }
    incidentsRead = true;
  } catch {
    incidentsRead = false;
  }
}

async function readDevices(asked) {
  try {
    const all = [];
    let next = "";
    for (let page = 0; page < DEVICE_PAGES && next !== null; page += 1) {
      const answer = await read(`/v1/devices?limit=500&cursor=${encodeURIComponent(next)}`, asked);
      all.push(...answer.items);
      next = answer.next;
    }
    if (token !== asked) return;
    devices = all.map((device) => ({ ...device, at: Date.parse(device.last_fix?.fixed_at ?? "") || 0 }));
    devices.sort((a, b) => a.at - b.at);
    const count = Math.min(devices.length, MOST_DEVICES);
    devicesNote = () => `${count} ${word("of")} ${devices.length} ${next === null ? "" : word("more")} ${word("shown")}`;
  } catch (error) {
    devicesNote = () => word(error.status === 403 ? "noDevices" : "devicesUnread");
  }
  drawDevices();
}

/** The list has no distances and no telephone numbers; the last alert of an incident has. */
async function fill(asked) {
  const bare = [...rows.values()].filter((row) => !row.news.raised_at).sort((a, b) => b.at - a.at);
  for (const row of bare.slice(0, MOST_FILLED)) {
    const { alerts } = await read(`/v1/incidents/${encodeURIComponent(row.news.incident)}`, asked);
    const last = alerts.at(-1)?.data;
    if (token !== asked) return;
    if (last && rows.get(row.news.incident) === row) take({ ...row.news, ...last }, false, true);
  }
}

// --- incidents --------------------------------------------------------------------------------------------

/** Takes an alert, or an incident as the list has it; the newest revision of an incident counts. */
function take(news, live, filled = false) {
  const known = rows.get(news.incident);
  if (known && (known.news.revision ?? 0) > (news.revision ?? 0)) return;
  // The list knows less than the alert it follows from.
  if (known && !live && !filled && known.news.revision === news.revision) return;
  const element = known?.element ?? $("row").content.firstElementChild.cloneNode(true);
  const at = Date.parse(news.raised_at ?? news.changed_at);
  const row = { news, element, at, touched: now(), newUntil: live ? now() + NEW_FOR_MS : 0 };
  rows.set(news.incident, row);
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  const list = $("list");
  const next = [...list.children].find((other) => other !== element && Number(other.dataset.at) <= at);
  element.dataset.at = at;
  list.insertBefore(element, next ?? null);
  focused?.focus();
  drawRow(row);
  if (live) put($("news"), ["level", "what", "who"].map((name) => element.querySelector(`.${name}`).textContent).join(". "));
  while (list.children.length > MOST_ROWS) {
    const last = list.lastElementChild;
    rows.delete(last.dataset.incident);
    last.remove();
  }
  draw();
}

function drawRow({ news, element }) {
  const level = ["alarm", "warning", "clear"].includes(news.level) ? news.level : "unknown";
  const part = (name) => element.querySelector(`.${name}`);
  element.dataset.level = level;
  element.dataset.incident = news.incident;
  part("shape").replaceChildren(shape(level));
  part("shape").className = `shape ${level}`;
  part("level").className = `level ${level}`;
  put(part("level"), word(level));
  put(part("what"), [word(news.kind), word(news.certainty), news.late && word("late")].filter(Boolean).join(" · "));
  const who = [news.wearer && `${word("wearer")} ${news.wearer}`, news.victim && `${word("victim")} ${news.victim}`,
    news.zone && `${word("zone")} ${news.zone}`, news.device && `${word("device")} ${news.device}`];
  pieces(part("who"), who.filter(Boolean));
  const how = [];
  if (Number.isFinite(news.distance_m)) {
    const unsure = Number.isFinite(news.uncertainty_m) ? ` ± ${metres(news.uncertainty_m)}` : "";
    how.push(`${word("distance")} ${metres(news.distance_m)}${unsure}`);
  }
  if (Number.isFinite(news.contact_s)) how.push(`${word("contact")} ${span(news.contact_s)}`);
  if (news.arrest_on_sight) how.push(word("arrest"));
  pieces(part("how"), how);
  drawDetails(element.querySelector("dl"), news);
}

function drawDetails(list, news) {
  const facts = [];
  const fact = (name, value) => value !== null && value !== undefined && value !== "" && facts.push([name, value]);
  fact("reason", news.reason);
  for (const [role, person] of Object.entries(news.contacts ?? {})) {
    if (person && has(role)) fact(role, [person.name, person.phone].filter(Boolean).join(" · "));
  }
  fact("raised", clock(news.raised_at ?? news.changed_at));
  fact("fixed", news.fixed_at && clock(news.fixed_at));
  fact("closing", Number.isFinite(news.closing_mps) ? `${Math.round(news.closing_mps * 3.6)} km/h` : "");
  fact("desk", news.desk);
  fact("order", news.order);
  fact("incident", news.incident);
  fact("number", news.revision);
  list.replaceChildren(...facts.flatMap(([name, value]) => {
    const [term, said] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = word(name);
    said.textContent = String(value);
    return [term, said];
  }));
}

// --- devices ----------------------------------------------------------------------------------------------

function deviceState(device) {
  if (device.unreadable) return ["unknown", "unreadable"];
  if (!device.at) return ["unknown", "unheard"];
  if (device.silent_since) return ["unknown", "silent"];
  if (device.online === false) return ["warning", "offline"];
  return (now() - device.at) / 1000 > OLD_AFTER_S ? ["warning", "aged"] : ["clear", "heard"];
}

function drawDevices() {
  put($("devices-note"), devicesNote ? devicesNote() : "");
  const body = document.querySelector("#devices tbody");
  body.replaceChildren(...devices.slice(0, MOST_DEVICES).map((device) => {
    const line = document.createElement("tr");
    const cells = ["td", "td", "td", "td", "td"].map((tag) => line.appendChild(document.createElement(tag)));
    const role = device.role ? [`(${word(device.role)})`] : [];
    const [level, said] = deviceState(device);
    const mark = document.createElement("span");
    mark.className = `shape ${level}`;
    mark.append(shape(level));
    cells[0].append(mark, word(said));
    cells[1].textContent = device.device;
    pieces(cells[2], [device.person ?? "–", ...role]);
    cells[3].className = cells[4].className = "number";
    cells[3].dataset.at = device.at;
    cells[4].textContent = Number.isFinite(device.uncertainty_m) ? `± ${metres(device.uncertainty_m)}` : "–";
    return line;
  }));
  document.getElementById("devices").hidden = devices.length === 0;
  tick();
}

// --- what changes with the time ---------------------------------------------------------------------------

function draw() {
  document.documentElement.lang = currentLanguage();
  const banner = $("banner");
  if (banner.dataset.state !== state || !$("banner-shape").firstChild) {
    banner.dataset.state = state;
    const level = { live: "clear", lost: "alarm" }[state] ?? "unknown";
    $("banner-shape").replaceChildren(shape(level));
  }
  put($("banner-word"), word(state));
  document.body.classList.toggle("old", state === "lost" || state === "connecting");
  const empty = incidentsRead === null ? "loading" : incidentsRead ? (rows.size ? "" : "nothing") : "unread";
  $("nothing").hidden = !empty;
  put($("nothing"), empty && word(empty));
  const count = (level) => [...rows.values()].filter((row) => row.news.level === level).length;
  const counts = `${word("alarm")} ${count("alarm")} · ${word("warning")} ${count("warning")}`;
  put($("counts"), token ? counts : "");
  document.title = !token ? "Afstand" : state === "live" ? `${counts} – Afstand` : `${word(state)} – Afstand`;
  tick();
}

/** Ages, once a second. */
function tick() {
  const age = (at) => (now() - at) / 1000;
  for (const row of rows.values()) {
    const shown = row.element.querySelector(".age");
    put(shown, `${span(age(row.at))} ${word("ago")}`);
    shown.dateTime = new Date(row.at).toISOString();
    row.element.toggleAttribute("data-new", row.newUntil > now());
  }
  for (const cell of document.querySelectorAll("#devices [data-at]")) {
    const at = Number(cell.dataset.at);
    put(cell, !at ? word("never") : age(at) < -120 ? word("ahead") : span(age(at)));
  }
  const sign = lastSign ? `${word("sign")} ${span(age(lastSign))} ${word("ago")}` : word("first");
  const detail = { live: sign, lost: `${sign}. ${word("old")}` }[state] ?? "";
  put($("banner-detail"), detail);
}

function drawWords() {
  for (const element of document.querySelectorAll("[data-word]")) put(element, word(element.dataset.word));
  put($("language"), word("other"));
  $("language").lang = word("otherLang");
  rows.forEach(drawRow);
  drawDevices();
  draw();
}

$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  sessionStorage.setItem("token", token);
  begin();
});
$("leave").addEventListener("click", () => leave());
$("language").addEventListener("click", () => {
  toggleLanguage();
  drawWords();
});
setInterval(tick, 1_000);
drawWords();
if (token) begin();
else leave();
