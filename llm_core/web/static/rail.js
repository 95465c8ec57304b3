/* The list of conversations: each word in it becomes an event of its own. Events: 'open', 'rename', 'delete', 'save'. */
const rename = (line) => {
  const title = line.querySelector(".title");
  const box = document.createElement("input");
  box.value = title.textContent;
  box.maxLength = 120;
  box.setAttribute("aria-label", line.querySelector("[data-do=rename]").textContent);
  let closed = false;
  const close = (keep) => {
    if (closed) return; // removing it makes it lose the focus, which closes it
    closed = true;
    const name = box.value.trim();
    box.remove();
    line.classList.remove("renamed");
    if (!keep || !name || name === title.textContent) return;
    title.textContent = name;
    trigger("rename", { id: line.dataset.id, title: name });
  };
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter") close(true);
    if (event.key === "Escape") close(false);
  });
  box.addEventListener("blur", () => close(true));
  line.classList.add("renamed");
  line.prepend(box);
  box.select();
};

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const line = button.closest("li");
  const id = line?.dataset.id ?? "";
  const kind = button.dataset.do;
  if (kind === "rename") rename(line);
  else if (kind === "open") trigger("open", { id });
  else if (kind === "save") trigger("save", { id, format: button.dataset.format });
  else if (kind === "delete" && window.workbench.confirmed(button)) trigger("delete", { id });
});
