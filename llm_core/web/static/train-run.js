/* A run: its buttons, and the page that asks how it is while it is under way and somebody looks. */
const run = () => element.querySelector(".run");
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button || (button.dataset.do === "delete" && !window.workbench.confirmed(button))) return;
  trigger("act", { do: button.dataset.do, id: run()?.dataset.run ?? "" });
  if (button.dataset.do === "talk") document.getElementById("tab-chat-button")?.click();
});
const ask = () => {
  if (!element.isConnected) return clearInterval(timer);
  if (document.hidden || run()?.dataset.live !== "1" || !element.offsetParent) return;
  const look = document.querySelector("#train-looks [data-look]")?.dataset.look ?? "";
  trigger("look", { id: run().dataset.run, look });
};
const tellSteps = () => {
  const told = document.querySelector("#train-steps li:last-child small");
  if (told && run()) told.textContent = run().dataset.progress;
};
watch("value", () => requestAnimationFrame(tellSteps));
const timer = setInterval(ask, 1000);
