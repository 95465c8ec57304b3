/* The list of documents: each word in it becomes an event 'act'. */
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button || (button.dataset.do === "delete" && !window.workbench.confirmed(button))) return;
  trigger("act", { do: button.dataset.do, id: button.closest("li")?.dataset.id ?? "" });
});
