/* Answers and their evidence: a click on a place opens it ('act'); a number and its place light up together. */
const act = (target) => {
  const { do: what, id = "", start = "", end = "" } = target.dataset;
  trigger("act", { do: what, id, start, end, text: target.textContent.trim() });
};
element.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do]");
  if (target && String(getSelection()) === "") act(target); // selecting a quotation does not open it
});
element.addEventListener("keydown", (event) => {
  if (event.target.matches("li[data-do]") && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    act(event.target);
  }
});
const light = (event) => {
  const link = event.type === "mouseout" || event.type === "focusout" ? null : event.target.closest?.("[data-link]");
  element.querySelectorAll(".lit").forEach((node) => node.classList.remove("lit"));
  if (!link) return;
  const name = CSS.escape(link.dataset.link);
  element.querySelectorAll(`[data-link="${name}"]`).forEach((node) => node.classList.add("lit"));
};
for (const kind of ["mouseover", "mouseout", "focusin", "focusout"]) element.addEventListener(kind, light);
