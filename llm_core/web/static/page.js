/* The frame's behaviour: buttons by data-act, questions before what destroys, input methods, the connection. */
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
    cancel: () => workbench.fetchModel("cancel", ""),
    mine: () => workbench.openMine?.(),
    models: () => workbench.openModels?.(),
    "models-close": () => workbench.closeModels?.(),
    "mine-close": () => workbench.closeMine?.(),
    dismiss: (button) => button.closest(".notice, .instead, .leaf").remove(),
  };
  addEventListener("click", (event) => {
    const button = closest(event, "[data-act]");
    if (button && Object.hasOwn(acts, button.dataset.act)) acts[button.dataset.act](button);
  });

  /* Which conversation a browser tab has open: its own while it lives, the browser's last one for a new tab. */
  workbench.place = (conversation) => {
    workbench.store.set("workbench_conversation", conversation);
    try { sessionStorage.setItem("workbench_conversation", conversation); } catch { /* private window */ }
  };
  workbench.conversation = () => {
    let own = null;
    try { own = sessionStorage.getItem("workbench_conversation"); } catch { /* private window */ }
    return own ?? workbench.store.get("workbench_conversation") ?? "";
  };

  /* The training run that a browser tab shows; empty while one is built. */
  workbench.keepRun = (name) => {
    try { sessionStorage.setItem("workbench_run", name); } catch { /* private window */ }
  };
  workbench.run = () => {
    try { return sessionStorage.getItem("workbench_run") ?? ""; } catch { return ""; }
  };

  /* The step of building one that a browser tab shows. */
  workbench.keepStep = (step) => {
    try { sessionStorage.setItem("workbench_step", step); } catch { /* private window */ }
  };
  workbench.step = () => {
    try { return sessionStorage.getItem("workbench_step") ?? "1"; } catch { return "1"; }
  };

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
  /* Gradio's own word for it is English only; frame.css hides it once the header has said it. */
  new MutationObserver((changes) => {
    const added = changes.flatMap((change) => [...change.addedNodes]);
    if (added.some((node) => node.querySelector?.(".toast-body"))) workbench.askHeader?.();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
