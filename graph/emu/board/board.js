"use strict";
// The page is complete without this script. With it, regions are replaced when
// the server sends new content, times are counted once a second, and a button
// works without a reload. While the page is hidden it has no connection and no
// timer.

const regions = ["clock", "people", "faults", "requests"];
let ahead = 0; // of the emulator's clock over ours, in milliseconds
let source = null;
let timer = 0;

const now = () => Date.now() + ahead;
const two = (n) => String(n).padStart(2, "0");

function span(ms) {
  const n = Math.max(0, Math.floor(ms / 1000));
  const d = Math.floor(n / 86400), h = Math.floor(n / 3600), m = Math.floor(n / 60) % 60, s = n % 60;
  if (d > 0) return `${d}d ${two(h % 24)}:${two(m)}:${two(s)}`;
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const t = now();
  for (const e of document.querySelectorAll("[data-since]")) write(e, span(t - Date.parse(e.dataset.since)));
  for (const e of document.querySelectorAll("[data-until]")) write(e, span(Date.parse(e.dataset.until) - t));
  for (const e of document.querySelectorAll("[data-now]")) write(e, new Date(t).toLocaleTimeString("en-GB"));
  for (const e of document.querySelectorAll("progress")) {
    const from = Date.parse(e.dataset.from), to = Date.parse(e.dataset.to);
    e.value = Math.min(100, (100 * (t - from)) / (to - from));
  }
}

function place(name, html) {
  const region = document.getElementById(name);
  const open = [...region.querySelectorAll("details[open]")].map((d) => d.id);
  const focused = region.contains(document.activeElement) ? document.activeElement.closest("details")?.id : undefined;
  region.innerHTML = html; // the server escapes; the policy of the page lets no script in
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.querySelector("summary").focus();
  if (name === "clock") setClock();
  tick();
}

function setClock() {
  const shown = document.querySelector("[data-now]");
  if (shown) ahead = Date.parse(shown.dataset.now) - Date.now();
}

function look() {
  if (document.hidden) {
    source?.close();
    source = null;
    clearInterval(timer);
    timer = 0;
    return;
  }
  if (!timer) timer = setInterval(tick, 1000);
  if (source) return;
  source = new EventSource("/_board/events");
  for (const name of regions) source.addEventListener(name, (e) => place(name, e.data));
}

async function play(event) {
  event.preventDefault();
  const said = document.getElementById("said");
  const form = new URLSearchParams(new FormData(event.target, event.submitter));
  try {
    const answer = await fetch(event.target.action, { method: "POST", body: form, redirect: "manual" });
    const fine = answer.type === "opaqueredirect" || answer.ok;
    said.className = fine ? "" : "bad";
    said.textContent = fine ? "Done: " + event.submitter.textContent.trim() + "." : await answer.text();
  } catch {
    said.className = "bad";
    said.textContent = "The emulator does not answer.";
  }
}

document.querySelectorAll("form").forEach((f) => f.addEventListener("submit", play));
document.addEventListener("visibilitychange", look);
setClock();
look();
