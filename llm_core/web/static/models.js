/* Models: the sheet opens over the page; its parts come from the server, which is asked only when somebody clicks. */
const sheet = element.querySelector("dialog");
const part = (name) => sheet.querySelector(`[data-part="${name}"]`);
let timer = 0;

const show = (told) => {
  for (const [name, inside] of Object.entries(told.parts)) {
    const place = part(name);
    if (place && place.dataset.shown !== inside) place.innerHTML = place.dataset.shown = inside;
  }
  if (told.parts.told) part("told").scrollIntoView({ block: "nearest" });
  if (told.changed || (sheet.dataset.busy === "1" && !told.busy)) window.workbench.modelsChanged?.();
  sheet.dataset.busy = told.busy ? "1" : "";
  clearTimeout(timer);
  if (told.busy && sheet.open) timer = setTimeout(() => act({ do: "news" }), 1000);
};

const act = async (wish) => {
  try {
    show(await server.act(wish));
  } catch {
    window.workbench.askHeader?.(); // the connection is gone, which the header says
  }
};

/* What takes seconds is marked where it was begun. */
const working = async (button, wish) => {
  if (button) button.disabled = true;
  sheet.setAttribute("aria-busy", "true");
  await act(wish);
  sheet.removeAttribute("aria-busy");
  if (button) button.disabled = false;
};

window.workbench.openModels = () => {
  sheet.showModal();
  for (const place of sheet.querySelectorAll("[data-part]")) place.dataset.shown = "";
  act({ do: "open" });
};
window.workbench.closeModels = () => sheet.close();
sheet.addEventListener("close", () => clearTimeout(timer));

const places = (form) => {
  const entered = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  const off = [...form.querySelectorAll("[data-kind]:not(:checked)")].map((box) => box.dataset.kind).join(" ");
  return { ...entered, off };
};

sheet.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const wish = form.dataset.do === "keep" ? places(form) : { name: new FormData(form).get("name") ?? "" };
  working(form.querySelector("button.plain"), { do: form.dataset.do, ...wish });
});
sheet.addEventListener("click", (event) => {
  if (event.target === sheet) return sheet.close(); // beside it
  const button = event.target.closest("button[data-do]");
  if (!button || !window.workbench.confirmed(button)) return;
  working(button, { do: button.dataset.do, name: button.dataset.name ?? "", variant: button.dataset.variant ?? "" });
});

/* A file of one's own goes to its own address: it is too large for anything else. */
sheet.addEventListener("change", async (event) => {
  const file = event.target.type === "file" ? event.target.files[0] : null;
  if (!file) return;
  event.target.disabled = true;
  let sentence = "";
  try {
    const answer = await fetch(`models/upload?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
    sentence = (await answer.json()).error ?? "";
  } catch (error) {
    sentence = String(error);
  }
  await act({ do: "open" });
  window.workbench.modelsChanged?.();
  const place = part("told");
  place.replaceChildren();
  if (!sentence) return;
  const notice = document.createElement("div");
  notice.className = "notice";
  notice.setAttribute("role", "alert");
  notice.append(Object.assign(document.createElement("p"), { textContent: sentence }));
  place.append(notice);
  place.dataset.shown = "";
  place.scrollIntoView({ block: "nearest" });
});
