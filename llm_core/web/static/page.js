/* The frame's behaviour: buttons by data-act, things that light up together, drafts of nothing, IME, lost connection. */
(() => {
  const workbench = window.workbench;
  const closest = (event, selector) => event.target.closest?.(selector);

  /* Buttons of the frame. Those of a tab are listened to by the tab's own component. */
  const acts = {
    language: () => workbench.switchLanguage(),
    theme: () => workbench.switchTheme(),
    fold: (button) => {
      const open = button.closest(".fold").classList.toggle("open");
      button.setAttribute("aria-expanded", open);
    },
    get: (button) => workbench.fetchModel("get", button.dataset.name),
    resume: (button) => workbench.fetchModel("resume", button.dataset.name),
    cancel: (button) => workbench.fetchModel("cancel", ""),
  };
  addEventListener("click", (event) => {
    const button = closest(event, "[data-act]");
    if (button && Object.hasOwn(acts, button.dataset.act)) acts[button.dataset.act](button);
  });

  /* A button that destroys asks once more, in its own place. */
  workbench.confirmed = (button) => {
    if (!button.dataset.confirm || button.dataset.armed) return true;
    const label = button.textContent;
    button.dataset.armed = "1";
    button.textContent = button.dataset.confirm;
    setTimeout(() => {
      delete button.dataset.armed;
      if (button.isConnected) button.textContent = label;
    }, 4000);
    return false;
  };

  /* An Enter that ends an input method's composition is not an Enter. Gradio listens to keypress without asking. */
  addEventListener("keypress", (event) => {
    if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation();
  }, true);

  /* The connection: what is lost is said in one place, and whoever wants to go on when it is back is told. */
  let reachable = true;
  workbench.reached = (now) => {
    document.documentElement.classList.toggle("unreachable", !now);
    if (now && !reachable) dispatchEvent(new Event("workbench:back"));
    reachable = now;
  };
  addEventListener("offline", () => workbench.reached(false));
  addEventListener("online", () => workbench.askHeader?.());
})();
