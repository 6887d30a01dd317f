// Times in the reader's own zone and language; the title says the zone. Without this script they are in UTC.
(() => {
  "use strict";
  const language = document.documentElement.lang || undefined;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const short = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const whole = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
  const show = (element) => {
    const at = new Date(element.getAttribute("datetime"));
    if (Number.isNaN(at.getTime())) return;
    const text = short.format(at);
    if (element.textContent === text) return;
    element.textContent = text;
    element.title = `${whole.format(at)} (${zone})`;
  };
  const all = () => document.querySelectorAll("time[datetime]").forEach(show);
  all();
  // parts of pages are renewed
  new MutationObserver(all).observe(document.body, { childList: true, characterData: true, subtree: true });
})();
