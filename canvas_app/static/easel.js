// Keys, the announcement of a page, and a what-if that follows while typing. Every page works without it.
const root = document.documentElement;
const TYPED = "input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]";
const WAIT = 1500; // milliseconds between two letters that belong together

let begun = "";
let begunAt = 0;

function reach(name) {
  const target = document.querySelector(`[data-key="${name}"]`);
  if (!target) return false;
  if (target.matches("input")) target.focus();
  else target.click();
  return true;
}

function step(by) {
  const rows = [...document.querySelectorAll("li.row, li.card")].filter((row) => row.checkVisibility());
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : here + by];
  if (!row) return here >= 0;
  const target = row.querySelector("a.name, h2 a, h3 a") || row;
  if (target === row) row.tabIndex = -1;
  target.focus();
  return true;
}

function mark() {
  const row = document.activeElement.closest("li.row");
  const button = row && row.querySelector("button.mark");
  if (button) button.click();
  return Boolean(button);
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest(TYPED)) return;
  const now = Date.now();
  const together = begun && now - begunAt < WAIT ? `${begun} ${event.key}` : "";
  begun = "";
  let done = false;
  if (together) done = reach(together);
  else if (event.key === "g") [begun, begunAt] = ["g", now];
  else if (event.key === "/" || event.key === "?") done = reach(event.key);
  else if (event.key === "j") done = step(1);
  else if (event.key === "k") done = step(-1);
  else if (event.key === "x") done = mark();
  if (done) event.preventDefault();
}

if (root.dataset.keys === "on") document.addEventListener("keydown", pressed);

// A page that came in parts is told once, in its own summary sentence.
const summary = document.querySelector("main > .arrived > .lead");
const told = document.getElementById("arrival");
if (summary && told) setTimeout(() => { told.textContent = summary.textContent.trim(); }, 100);

// What-if: the server works it out, as when the form is sent; only what it changes is put in place.
const trial = document.getElementById("try");
const PAUSE = 250; // milliseconds without a key before the server is asked
let pause = 0;
let asking = null;

function query() {
  const filled = [...new FormData(trial)].filter(([, value]) => value.trim());
  return new URL(`?${new URLSearchParams(filled)}`, location.href.split("#")[0]);
}

function takeOver(page) {
  for (const fresh of page.querySelectorAll("[data-live], [data-tint]")) {
    const name = fresh.dataset.live ? "live" : "tint";
    const old = document.querySelector(`[data-${name}="${CSS.escape(fresh.dataset[name])}"]`);
    if (!old) continue;
    if (name === "tint") old.className = fresh.className;
    else if (old.innerHTML !== fresh.innerHTML) old.innerHTML = fresh.innerHTML;
  }
}

async function workOut(address) {
  clearTimeout(pause);
  if (asking) asking.abort();
  const mine = (asking = new AbortController());
  try {
    const answer = await fetch(address, { signal: mine.signal });
    if (!answer.ok || !answer.url.startsWith(address.href.split("?")[0])) throw new Error(answer.statusText);
    const text = await answer.text();
    if (mine !== asking) return false;
    takeOver(new DOMParser().parseFromString(text, "text/html"));
    history.replaceState(null, "", address);
    return true;
  } catch {
    return false; // the button of the form still works, and says what is wrong
  }
}

async function choose(link) {
  const address = new URL(link.href);
  const field = trial.elements.namedItem(link.dataset.try);
  if (!(await workOut(address))) location.assign(address);
  for (const input of trial.elements)
    if (/^s\d+$/.test(input.name)) input.value = address.searchParams.get(input.name) ?? "";
  if (field) field.focus();
  else document.getElementById("result").closest("section").querySelector("input:not([type=hidden])").focus();
}

if (trial) {
  document.addEventListener("input", (event) => {
    if (event.target.form !== trial) return;
    clearTimeout(pause);
    pause = setTimeout(() => workOut(query()), PAUSE);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-try]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    choose(link);
  });
}
