/* Going from step to step: nothing is asked of the server, all steps are on the page and one of them is shown. */
const train = () => document.getElementById("train");
const show = (step) => {
  if (!train()) return;
  train().dataset.step = step;
  window.workbench.keepStep(step);
  for (const button of element.querySelectorAll("[data-step]")) {
    if (button.dataset.step === String(step)) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  }
};
const follow = () => {
  const steps = element.querySelector(".steps");
  if (!steps || !train()) return;
  train().classList.toggle("has-run", steps.dataset.run !== "");
  window.workbench.keepRun(steps.dataset.run);
  show(steps.dataset.now === "0" ? train().dataset.step ?? window.workbench.step() : steps.dataset.now);
};
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (button) show(button.dataset.step);
});
watch("value", () => requestAnimationFrame(follow));
requestAnimationFrame(follow);
