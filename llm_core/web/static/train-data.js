/* Texts to learn from: ticks, words and notes become the event 'act'. */
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) trigger("act", { do: button.dataset.do, id: button.dataset.id ?? "" });
});
element.addEventListener("change", (event) => {
  const note = event.target.closest("[data-note]");
  if (note) trigger("act", { do: "note", id: note.closest("li").dataset.id, text: note.value });
});
