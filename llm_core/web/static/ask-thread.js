/* Answers and their evidence: a click on a place opens it ('act'). What shares a data-link lights up: links.js. */
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
