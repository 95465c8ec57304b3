/* A text that is marked sentence by sentence: what is known of a place is said beside it, on hover, tap and focus; the
   arrow keys step through the sentences; whatever has a data-go leads to its sentence. */
(() => {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "tooltip");

  const show = (here, x) => {
    tip.textContent = here.dataset.tip;
    document.querySelector(".gradio-container")?.append(tip);
    const lines = [...here.getClientRects()];
    const line = lines.find((one) => x >= one.left && x <= one.right) ?? lines[0];
    const left = Math.min(Math.max(8, (x ?? line.left) - 12), innerWidth - tip.offsetWidth - 8);
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${line.top + scrollY - tip.offsetHeight - 6}px`;
  };
  addEventListener("pointerover", (event) => {
    const here = event.target.closest?.(".marked [data-tip]");
    if (here) show(here, event.clientX); else tip.remove();
  });
  addEventListener("focusin", (event) => {
    if (event.target.matches?.(".marked [data-tip]") && event.target.matches(":focus-visible")) show(event.target);
  });
  for (const name of ["focusout", "scroll"]) addEventListener(name, () => tip.remove(), { passive: true });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") tip.remove();
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const here = by && event.target.closest?.(".marked .sent, .dochead .sent");
    if (!here) return;
    const all = [...document.querySelectorAll("#analyzed .sent")];
    const next = all[all.indexOf(here) + by];
    if (!next) return;
    event.preventDefault();
    here.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });

  /* Lead to a sentence; says whether it is on the page. */
  window.workbench.goTo = (at) => {
    const there = document.querySelector(`#analyzed .sent[data-at="${CSS.escape(at)}"]`);
    if (!there) return false;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    there.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
    there.focus({ preventScroll: true });
    there.classList.add("lit");
    return true;
  };
  window.workbench.isShown = (at) => Boolean(document.querySelector(`#analyzed .sent[data-at="${CSS.escape(at)}"]`));
  addEventListener("click", (event) => {
    const here = event.target.closest?.("[data-go]");
    if (here) window.workbench.goTo(here.dataset.go);
  });
})();
