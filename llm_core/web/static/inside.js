/* Whatever has data-do becomes the event 'act'. Arrow keys walk along the pieces of a sentence, as along a text. */
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) trigger("act", { do: button.dataset.do, id: button.dataset.id ?? "" });
});
element.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: -1, ArrowRight: 1 };
  const here = event.target.closest(".piece");
  if (!here || !(event.key in steps)) return;
  const all = [...here.closest(".pieces").querySelectorAll(".piece")];
  const next = all[all.indexOf(here) + steps[event.key]];
  if (!next) return;
  event.preventDefault();
  next.focus();
});
/* What was painted again keeps the focus that it had. */
let focused = "";
element.addEventListener("focusin", (event) => {
  focused = event.target.closest("[data-do]")?.dataset.id ?? "";
});
watch("value", () => {
  if (focused && document.activeElement === document.body) {
    element.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
  }
});
