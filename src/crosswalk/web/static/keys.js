// Keys: / to the search, ? the list of keys, g and a letter to a page. Off where the person turned them off.
(() => {
  "use strict";
  const list = document.getElementById("keys");
  document.querySelectorAll("[data-open-keys]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => list?.showModal());
  });
  if (!document.body.hasAttribute("data-keys")) return;
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
  let waits = 0; // until when a letter after g counts
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target) || list?.open) return;
    if (Date.now() < waits) {
      waits = 0;
      const way = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
      if (way) { event.preventDefault(); way.click(); }
    } else if (event.key === "g") {
      waits = Date.now() + 1500;
    } else if (event.key === "/") {
      const search = document.querySelector("[data-search], main input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    } else if (event.key === "?") {
      list?.showModal();
    }
  });
})();
