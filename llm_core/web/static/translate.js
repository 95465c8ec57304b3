/* Clicks inside this component become its event 'act'. `element` and `trigger` come from Gradio. */
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) trigger("act", { do: button.dataset.do, id: button.dataset.id ?? "" });
});
