// Before anything is painted: light or dark as the person chose, else as the system says.
(() => {
  "use strict";
  const root = document.documentElement;
  if (root.dataset.theme !== "system") return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  dark.addEventListener("change", follow);
  follow();
})();
