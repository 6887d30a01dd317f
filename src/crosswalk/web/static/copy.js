// Buttons that copy what stands beside them; without a clipboard they stay hidden.
(() => {
  "use strict";
  if (!navigator.clipboard) return;
  const show = () => document.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.classList.add("copied");
  });
  new MutationObserver(show).observe(document.body, { childList: true, subtree: true });
  show();
})();
