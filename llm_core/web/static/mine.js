/* My things: the sheet opens over the page; its forms and buttons become an event 'act'. */
const sheet = element.querySelector("dialog");
const inside = sheet.querySelector("div");

/* Everything was deleted: what this browser itself keeps of it goes as well, its name for the visitor too. */
const forget = () => {
  for (const store of [localStorage, sessionStorage]) {
    for (const key of Object.keys(store)) {
      if (key.startsWith("workbench_")) store.removeItem(key);
    }
  }
  sheet.addEventListener("close", () => location.reload(), { once: true });
};

watch("value", () => {
  inside.innerHTML = props.value ?? "";
  const then = inside.querySelector("[data-then]")?.dataset.then;
  if (then === "reload") location.reload();
  if (then === "forget") forget();
  const state = inside.querySelector("[data-state]")?.dataset.state;
  if (state) document.documentElement.classList.toggle("locked", state === "locked");
});

window.workbench.openMine = () => {
  sheet.showModal();
  trigger("act", { do: "look" });
};
window.workbench.closeMine = () => sheet.close();

inside.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = new FormData(event.target);
  event.target.querySelector("button").disabled = true;
  trigger("act", { do: event.target.dataset.do, first: fields.get("first") ?? "", again: fields.get("again") ?? "" });
});
inside.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button && window.workbench.confirmed(button)) trigger("act", { do: button.dataset.do });
});
sheet.addEventListener("click", (event) => {
  if (event.target === sheet) sheet.close(); // beside it
});
