/* Things that say the same light up together: whatever shares a data-link, on hover and on focus. A click or Enter on
   one brings its partner into view. */
(() => {
  const lit = new Set();
  const partners = (link) => document.querySelectorAll(`[data-link="${CSS.escape(link)}"]`);
  const light = (event) => {
    const here = event.target.closest?.("[data-link]");
    for (const element of lit) element.classList.remove("lit");
    lit.clear();
    if (!here || event.type === "pointerout" || event.type === "focusout") return;
    for (const element of partners(here.dataset.link)) {
      element.classList.add("lit");
      lit.add(element);
    }
  };
  for (const name of ["pointerover", "pointerout", "focusin", "focusout"]) addEventListener(name, light);

  const visit = (event) => {
    const here = event.target.closest?.("[data-link]");
    if (!here || !getSelection().isCollapsed) return;
    const other = [...partners(here.dataset.link)].find((one) => one !== here && one.tabIndex >= 0);
    if (!other) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    other.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  };
  addEventListener("click", visit);
  addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches?.("[data-link]")) visit(event);
  });
})();
