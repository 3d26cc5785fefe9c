// Keys, the announcement of a page, a what-if that follows while typing, and forms that change the page in place.
// Every page works without it.
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

// What was shown before the whole page came is in nobody's way, but as many elements again.
for (const view of document.querySelectorAll("main > .early")) view.replaceChildren();

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

// Ticks, favourites, nicknames and notes in place: the same forms, answered with JSON.
const WRITES = /\/(planner\/(mark|notes(\/\d+(\/delete)?)?)|courses\/\d+\/(favorite|nickname))$/;
const SHOWN = 8000; // milliseconds a message with an Undo stays
const toasts = document.getElementById("toasts");
const faults = document.getElementById("faults");
const busy = new Set();
let closing = 0;

function close() {
  clearTimeout(closing);
  if (toasts.matches(":hover, :focus-within")) closing = setTimeout(close, 1000);
  else toasts.replaceChildren();
}

function toast(text, undo, word) {
  const shown = document.getElementById("toast").content.cloneNode(true);
  const form = shown.querySelector("form");
  form.querySelector("span").textContent = text;
  form.querySelector("button").textContent = word;
  if (undo) form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    toasts.replaceChildren();
    undo();
  });
  else form.querySelector("button").remove();
  toasts.replaceChildren(shown);
  clearTimeout(closing);
  closing = setTimeout(close, SHOWN);
}

function fault(text, go) {
  const shown = document.getElementById("fault").content.cloneNode(true);
  const box = shown.querySelector("div");
  box.querySelector("span").textContent = text;
  const link = box.querySelector("a");
  if (go) [link.href, link.textContent] = [go.href, go.label];
  else link.remove();
  box.querySelector("button").addEventListener("click", () => box.remove());
  faults.append(shown);
}

function swapWords(button) {
  const words = button.querySelector(".word");
  if (words) [words.textContent, button.dataset.other] = [button.dataset.other, words.textContent];
}

// What a mark is about: the same thing may stand in two lists of a page.
const about = (value) => value.split(":", 2).join(":");

// Undo presses the button again. Meanwhile another list may be shown, with a button like it or without any.
function press(button, like, undo, undoAt) {
  const shown = button.isConnected ? button : [...document.querySelectorAll(`main > .arrived button[name=${button.name}]`)].find(like);
  if (shown) {
    shown.focus();
    shown.click();
  } else {
    const token = document.querySelector("input[name=csrf_token]").value;
    write(undoAt, new URLSearchParams({ ...undo, csrf_token: token, next: "/" }), { key: undoAt, revert: () => {}, keep: renew }, "");
  }
}

function marked(button) {
  const same = [...document.querySelectorAll("main > .arrived button[name=item]")].filter((other) => about(other.value) === about(button.value));
  const flip = () => same.forEach((one) => {
    one.closest("li").classList.toggle("done");
    swapWords(one);
  });
  flip();
  return {
    counted: true,
    key: about(button.value),
    revert: flip,
    keep: (undo, undoAt) => {
      same.forEach((one) => { one.value = undo.item; });
      return () => press(button, (one) => about(one.value) === about(button.value), undo, undoAt);
    },
  };
}

// Rows and cards that were changed stay where they are, and what the page counts is counted anew: once for several
// changes that follow one another.
const TOGETHER = 300; // milliseconds
let counting = null;

async function recount() {
  const mine = (counting = new AbortController());
  await new Promise((go) => { setTimeout(go, TOGETHER); });
  if (mine.signal.aborted) return;
  const fresh = await ask(location.href, mine.signal);
  if (!fresh) return;
  for (const old of document.querySelectorAll("main > .arrived [data-count]")) {
    const now = fresh.querySelector(`[data-count="${CSS.escape(old.dataset.count)}"]`);
    if (now) [old.innerHTML, old.className] = [now.innerHTML, now.className];
    else if (old.dataset.none) old.textContent = old.dataset.none;
    else if (old.matches("h2, h3")) old.querySelector("small")?.remove(); // nothing is left under it
    else old.replaceChildren();
  }
}

function starred(form, button) {
  const card = form.closest("li");
  const flip = () => {
    card.classList.toggle("plain");
    swapWords(button);
  };
  flip();
  return {
    counted: true,
    key: form.action,
    revert: flip,
    keep: (undo, undoAt) => {
      button.value = undo.on;
      return () => press(button, (one) => one.form.action === form.action, undo, undoAt);
    },
  };
}

function nicknamed(form) {
  const name = form.closest("li").querySelector("h2 a, h3 a");
  const { nickname, before, name: own } = form.elements;
  const old = name.textContent;
  name.textContent = nickname.value.trim() || own.value;
  return {
    key: form.action,
    revert: () => { name.textContent = old; },
    keep: (undo) => {
      before.value = undo.before;
      return () => {
        nickname.value = undo.nickname;
        nickname.focus();
        form.requestSubmit();
      };
    },
  };
}

const LONGEST = 20000; // milliseconds a page may take to come

// The page's content is asked for again and put in place of the old; folds stay open, and what is being read stays where it is.
async function ask(from = location.href, stop = null, retries = []) {
  const address = new URL(from);
  address.searchParams.delete("retry");
  for (const name of retries) address.searchParams.append("retry", name);
  const late = AbortSignal.timeout(LONGEST);
  // A sign-in that has ended leads to Canvas, which is no part of this page.
  const answer = await fetch(address, { redirect: "manual", signal: stop ? AbortSignal.any([stop, late]) : late });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return answer.ok && !page.querySelector("main [data-failed]") && page.querySelector("main > .arrived");
}

function replaceBy(fresh) {
  const old = document.querySelector("main > .arrived");
  const [folds, other] = [old, fresh].map((one) => [...one.querySelectorAll("details")]);
  const open = new Set(folds.filter((one) => one.open).map((one) => one.textContent));
  other.forEach((one, at) => { if (folds.length === other.length ? folds[at].open : open.has(one.textContent)) one.open = true; });
  const top = (one) => one.getBoundingClientRect().top;
  const read = scrollY && [...old.querySelectorAll("[id]")].find((one) => one.checkVisibility() && top(one) >= 0 && fresh.querySelector(`#${CSS.escape(one.id)}`));
  const [left, before, height] = [scrollX, scrollY, read && top(read)];
  old.innerHTML = fresh.innerHTML;
  const now = read && document.getElementById(read.id);
  scrollTo({ left, top: now ? scrollY + top(now) - height : before, behavior: "instant" });
}

// A count that is a tab shows its list, and Retry what came by now, without leaving the page.
const bare = () => location.href.split("#")[0];
let place = bare();
let wished = null;

async function visit(link) {
  const address = new URL(link.href);
  const retries = address.searchParams.getAll("retry");
  address.searchParams.delete("retry");
  const content = document.querySelector("main > .arrived");
  if (content.querySelector("[data-grid]")) return location.assign(link.href); // its keys are not set up again
  wished = link;
  content.setAttribute("aria-busy", "true");
  while (busy.size) await new Promise((go) => { setTimeout(go, 50); }); // what is being written would be shown as before
  const fresh = await ask(address, null, retries).catch(() => null);
  if (wished !== link) return;
  if (!fresh) return location.assign(link.href);
  const heading = link.closest("section")?.querySelector("h2[id]")?.id;
  // A part may offer Retry in two places of the page.
  const alike = () => [...content.querySelectorAll("[data-again]")].filter((one) => one.href === link.href);
  const at = alike().indexOf(link);
  content.removeAttribute("aria-busy");
  replaceBy(fresh);
  watch();
  if (!retries.length && address.href !== place) history.pushState(null, "", address);
  place = bare();
  const tab = content.querySelector(`[data-tab="${link.dataset.tab}"]`);
  const target = tab || alike()[at] || (heading && document.getElementById(heading)) || document.querySelector("h1");
  if (!target.href) target.tabIndex = -1;
  target.focus({ preventScroll: true });
  told.textContent = (tab || content.querySelector(".lead"))?.textContent.trim() ?? "";
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("main > .arrived :is(a[data-tab], a[data-again])");
  if (!link || trial || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button) return;
  event.preventDefault();
  visit(link);
});

addEventListener("popstate", () => {
  if (trial || place === bare()) return;
  place = bare();
  renew();
});

// A note changes which rows there are.
async function renew() {
  const fresh = await ask().catch(() => null);
  if (!fresh) return location.reload();
  replaceBy(fresh);
  watch();
}

// Answers that were being renewed when the page came: it is asked for once more, unless it is hidden or something is being written.
const RENEWED = 3000; // milliseconds in which Canvas has mostly answered
const MOST = 3; // times, each after a longer while; then the page says so
let following = 0;
const sign = (one) => one.id || one.value || one.getAttribute("href") || one.textContent;

function untouchable(old) {
  return trial || busy.size || old.querySelector("[data-grid]") || document.activeElement.matches(TYPED)
    || [...old.querySelectorAll("input, textarea")].some((one) => one.value !== one.defaultValue);
}

async function follow(times, mine) {
  const old = document.querySelector("main > .arrived");
  if (mine !== following || !old || !old.querySelector("[data-renewing]")) return;
  if (times > MOST) return old.querySelectorAll("[data-late]").forEach((one) => {
    one.previousElementSibling.remove();
    one.hidden = false;
  });
  if (document.hidden) return document.addEventListener("visibilitychange", () => follow(times, mine), { once: true });
  if (!untouchable(old)) {
    const fresh = await ask().catch(() => null);
    if (mine !== following) return;
    const held = old.contains(document.activeElement) && document.activeElement;
    // The same thing may stand in two lists.
    const same = (place) => [...place.querySelectorAll(held.tagName)].filter((one) => sign(one) === sign(held));
    const at = held && same(old).indexOf(held);
    if (fresh && !untouchable(old) && (!held || same(fresh)[at])) {
      replaceBy(fresh);
      if (held) same(old)[at].focus({ preventScroll: true });
    }
  }
  setTimeout(follow, RENEWED * 3 ** times, times + 1, mine);
}

function watch() {
  setTimeout(follow, RENEWED, 1, ++following);
}

watch();

function noted(form, action) {
  const fold = form.closest("details");
  const id = fold && fold.id;
  const token = form.elements.csrf_token.value;
  return {
    key: action,
    revert: () => {},
    keep: async (undo, undoAt) => {
      if (fold) fold.open = false;
      await renew();
      const target = (id && document.querySelector(`#${id} > summary`)) || document.querySelector("h1");
      if (target.matches("h1")) target.tabIndex = -1;
      target.focus({ preventScroll: true });
      return () => write(undoAt, new URLSearchParams({ ...undo, csrf_token: token, next: "/" }), noted(form, undoAt), "");
    },
  };
}

async function write(action, body, change, title) {
  busy.add(change.key);
  if (change.counted) counting?.abort();
  try {
    const answer = await fetch(action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!/^application\/json/.test(answer.headers.get("Content-Type"))) throw new Error(answer.status);
    const { done, message, undo, go } = await answer.json();
    if (done) {
      const again = await change.keep((undo || {}).fields, (undo || {}).action);
      toast(message, undo && again, undo && undo.label);
    } else {
      change.revert();
      // What stands for an error page names no item.
      fault(answer.ok || !title ? message : `${title.trim()}: ${message}`, go);
    }
  } catch {
    change.revert();
    fault(faults.dataset.lost.replace("{}", title));
  } finally {
    busy.delete(change.key);
    if (change.counted && !busy.size) recount().catch(() => {}); // else the counts of before stand
  }
}

function sent(event) {
  const form = event.target;
  const button = event.submitter;
  const action = button && button.hasAttribute("formaction") ? button.formAction : form.action;
  const [, path] = WRITES.exec(new URL(action).pathname) || [];
  if (!path || form.method !== "post") return;
  const body = new URLSearchParams(new FormData(form, button));
  event.preventDefault();
  const key = path === "planner/mark" ? about(button.value) : action;
  if (busy.has(key)) return;
  const row = (path === "planner/mark" ? button : form).closest("li");
  const name = row && row.querySelector(".name, h2, h3");
  const title = name ? name.textContent : form.elements.title ? form.elements.title.value : "";
  const change = path === "planner/mark" ? marked(button)
    : path.endsWith("favorite") ? starred(form, button)
    : path.endsWith("nickname") ? nicknamed(form) : noted(form, action);
  write(action, body, change, title);
}

if (toasts && faults) document.addEventListener("submit", sent);

// A large table becomes a grid: one stop for Tab, arrows go from cell to cell, Enter follows a cell's link.
function grid(table) {
  const place = (cell) => [cell.parentElement.rowIndex, cell.cellIndex];
  const at = (row, column) => table.rows[row]?.cells[Math.min(column, table.rows[row].cells.length - 1)];
  const enter = (cell) => {
    table.querySelector("[tabindex='0']").tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  };
  table.setAttribute("role", "grid");
  table.setAttribute("aria-label", table.dataset.grid);
  for (const one of table.querySelectorAll("td, th, a")) one.tabIndex = -1;
  at(0, 0).tabIndex = 0;
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td, th");
    if (!cell || event.altKey || event.metaKey) return;
    const [row, column] = place(cell);
    const [last, end] = [table.rows.length - 1, table.rows[row].cells.length - 1];
    const forward = root.dir === "rtl" ? -1 : 1;
    const to = {
      ArrowRight: [row, column + forward], ArrowLeft: [row, column - forward],
      ArrowDown: [row + 1, column], ArrowUp: [row - 1, column],
      PageDown: [Math.min(row + 10, last), column], PageUp: [Math.max(row - 10, 0), column],
      Home: [event.ctrlKey ? 0 : row, 0], End: [event.ctrlKey ? last : row, end],
    }[event.key];
    if (event.key === "Enter" && event.target === cell) cell.querySelector("a")?.click();
    if (!to) return;
    event.preventDefault();
    const next = to[0] >= 0 && to[1] >= 0 && to[1] <= end ? at(...to) : null;
    if (next) enter(next);
  });
  table.addEventListener("mousedown", (event) => {
    const cell = event.target.closest("td, th");
    if (cell && !event.target.closest("a")) enter(cell);
  });
}

for (const table of document.querySelectorAll("main > .arrived table[data-grid]")) grid(table);
