// Field mapping: leaving with rules that are not saved is asked about; the button says how many proposals are ticked.
(() => {
  "use strict";
  let unsaved = document.querySelector('form[data-unsaved="yes"]') !== null;
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form");
    if (form && "unsaved" in form.dataset) unsaved = true;
    const button = form && form.querySelector("button[data-many]");
    if (!button) return;
    const count = form.querySelectorAll("input[name=pair]:checked").length;
    button.textContent = count === 1 ? button.dataset.one : button.dataset.many.replace("{count}", count);
    button.disabled = count === 0;
  });
  document.addEventListener("submit", (event) => {
    if ("unsaved" in event.target.dataset) unsaved = false;
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
})();
