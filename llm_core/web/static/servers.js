/* The margin about the picked model: letting go of a server is an event of this component ('forget'). */
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do=forget]");
  if (button) trigger("forget", { do: "forget", id: button.dataset.id });
});
