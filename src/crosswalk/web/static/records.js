// Searching in long lists, and the browser's own time zone as the proposal. Without this script the lists are whole.
"use strict";
document.documentElement.dataset.script = "on";
const whole = new WeakMap();

function narrow(search) {
  const list = document.getElementById(search.dataset.narrows);
  if (!list) return;
  if (!whole.has(list)) whole.set(list, [...list.options].map((option) => option.cloneNode(true)));
  const words = search.value.trim().toLowerCase().replaceAll(" ", "_").split("_");
  const chosen = list.value;
  const found = whole.get(list).filter((option) => {
    const text = option.text.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  if (!found.length) return;
  list.replaceChildren(...found.map((option) => option.cloneNode(true)));
  list.value = found.some((option) => option.value === chosen) ? chosen : found[0].value;
  if (list.value !== chosen) list.dispatchEvent(new Event("change", { bubbles: true }));
}

function propose() {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const list of document.querySelectorAll("select[data-zone-of-browser]")) {
    if ([...list.options].some((option) => option.value === here)) list.value = here;
    delete list.dataset.zoneOfBrowser;
  }
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-narrows]")) narrow(event.target);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-narrows]")) event.preventDefault();
});
document.addEventListener("htmx:after:swap", propose);
propose();
