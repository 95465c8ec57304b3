/* The page of a document: its words turn it ('act'); a newly opened place is brought into view. */
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const { do: what, id, start, end } = button.dataset;
  trigger("act", { do: what, id, start, end });
});
watch("value", () => requestAnimationFrame(() => {
  const sheet = element.querySelector(".sheet");
  const mark = sheet?.querySelector("mark");
  if (sheet) sheet.scrollTop = mark ? Math.max(0, mark.offsetTop - sheet.offsetTop - sheet.clientHeight / 3) : 0;
  /* On a phone the page stands below the answers: go there only when a place was asked for. */
  const asked = document.activeElement?.closest?.("#ask-thread, #ask-rail, #ask-sheet");
  if (sheet && asked && innerWidth < 900) element.scrollIntoView({ block: "start" });
}));
