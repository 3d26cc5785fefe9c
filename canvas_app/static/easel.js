// Single-letter keys, and one announcement when a page has arrived. Every page works without it.
"use strict";

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
