/* Clicks inside this component become its event 'act'; what destroys asks once more. */
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button && window.workbench.confirmed(button)) {
    trigger("act", { do: button.dataset.do, id: button.dataset.id ?? "" });
  }
});
