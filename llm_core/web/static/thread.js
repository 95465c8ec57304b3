/* The thread: clicks become events of this component; drafts, scrolling and the words of a reply are handled here.
   `element`, `props`, `trigger` and `watch` come from Gradio. Events: 'act', 'word' and 'cite'. */
const { store } = window.workbench;
const composer = () => document.querySelector("#composer textarea");
const shown = () => element.querySelector(".thread");
const conversation = () => shown()?.dataset.conversation ?? "";
const write = (text) => {
  const box = composer();
  if (!box || box.value === text) return;
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
};

/* ---- What a click means */
const asText = (turn) => (turn.querySelector(".long > .said, .said, .reply") ?? turn).innerText.trim();

const edit = (turn) => {
  if (turn.querySelector(".editing")) return;
  const box = document.createElement("form");
  box.className = "editing";
  const label = (key) => shown().dataset[key];
  box.innerHTML = '<textarea rows="3"></textarea><button class="quiet"></button><button type="button" class="quiet"></button>';
  const [text, save, keep] = box.children;
  text.value = turn.querySelector(".long > .said, .said").textContent;
  text.setAttribute("aria-label", label("edit"));
  save.textContent = label("save");
  keep.textContent = label("keep");
  const close = () => {
    box.remove();
    turn.classList.remove("edited");
    turn.querySelector("[data-do=edit]")?.focus();
  };
  box.addEventListener("submit", (event) => {
    event.preventDefault();
    trigger("act", { do: "edit", id: turn.dataset.id, text: text.value });
    close();
  });
  keep.addEventListener("click", close);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      box.requestSubmit();
    }
  });
  turn.classList.add("edited");
  turn.prepend(box);
  text.focus();
};

const copy = async (button, turn) => {
  await navigator.clipboard.writeText(asText(turn));
  const before = button.textContent;
  button.textContent = shown().dataset.copied;
  setTimeout(() => { if (button.isConnected) button.textContent = before; }, 1500);
};

const cite = ({ dataset: { id, start, end } }) => trigger("cite", { id, start, end });
element.addEventListener("keydown", (event) => {
  if (event.target.matches("li[data-do=cite]") && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    cite(event.target);
  }
});

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  const turn = event.target.closest(".turn");
  if (!button) {
    const reply = event.target.closest(".reply");
    if (reply && !event.target.closest("a, summary") && getSelection().isCollapsed) clicked(event, reply);
    return;
  }
  const kind = button.dataset.do;
  if (kind === "edit") edit(turn);
  else if (kind === "copy") copy(button, turn);
  else if (kind === "start") { write(button.textContent); composer()?.focus(); }
  else if (kind === "cite") { if (String(getSelection()) === "") cite(button); } // selecting a quotation does not open it
  else trigger("act", { do: kind, id: button.dataset.id ?? turn?.dataset.id ?? "", to: button.dataset.to ?? "" });
});

/* ---- The words of a reply */
const words = (reply) => {
  const text = reply.textContent;
  const found = [...new Intl.Segmenter(reply.lang || "en", { granularity: "word" }).segment(text)];
  return found.filter((word) => word.segment.trim()).map((word) => ({ at: word.index, text: word.segment }));
};
const rangeOf = (reply, { at, text }) => {
  const range = document.createRange();
  const walker = document.createTreeWalker(reply, NodeFilter.SHOW_TEXT);
  for (let place = 0, node = walker.nextNode(); node; place += node.length, node = walker.nextNode()) {
    if (place <= at && at < place + node.length) range.setStart(node, at - place);
    if (at + text.length <= place + node.length) {
      range.setEnd(node, at + text.length - place);
      break;
    }
  }
  return range;
};
const mark = (reply, word) => CSS.highlights?.set("word", new Highlight(rangeOf(reply, word)));
const ask = (reply, word) => {
  mark(reply, word);
  const nth = reply.textContent.slice(0, word.at).split(word.text).length - 1;
  trigger("word", { id: reply.closest(".turn").dataset.id, word: word.text, nth });
};
const clicked = (event, reply) => {
  const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
  const old = caret ? null : document.caretRangeFromPoint?.(event.clientX, event.clientY);
  const node = caret?.offsetNode ?? old?.startContainer;
  if (!node || !reply.contains(node)) return;
  const before = document.createRange();
  before.setStart(reply, 0);
  before.setEnd(node, caret?.offset ?? old.startOffset);
  const at = before.toString().length;
  const word = words(reply).find((candidate) => at <= candidate.at + candidate.text.length);
  if (word) ask(reply, word);
};
let stepped = null;
element.addEventListener("keydown", (event) => {
  const reply = event.target.closest?.(".reply");
  if (!reply || event.target !== reply || !["ArrowLeft", "ArrowRight", "Enter"].includes(event.key)) return;
  event.preventDefault();
  const all = words(reply);
  const last = stepped?.reply === reply ? stepped.index : -1;
  const index = event.key === "Enter" ? Math.max(0, last) : last + (event.key === "ArrowRight" ? 1 : -1);
  if (!all[index]) return;
  stepped = { reply, index };
  if (event.key === "Enter") ask(reply, all[index]);
  else mark(reply, all[index]);
});

/* ---- Drafts: what was typed belongs to its conversation and outlives the page */
const draftKey = () => `workbench_draft_${conversation()}`;
let open = null;
document.addEventListener("input", (event) => {
  if (event.target === composer()) store.set(draftKey(), event.target.value);
});
const changed = () => {
  CSS.highlights?.delete("word");
  stepped = null;
  const now = conversation();
  window.workbench.place(now);
  if (now === open) return;
  const written = composer()?.value ?? "";
  /* A document was attached before the first message was sent: what had been typed goes along. */
  const begun = open === "" && now !== "" && element.querySelector(".empty");
  if (begun && written) store.set(draftKey(), written);
  const carried = open === "" && written === "" ? "" : store.get(draftKey()) ?? "";
  if (open === "" && (carried === "" || begun)) store.set("workbench_draft_", "");
  open = now;
  write(carried);
  scrollTo(0, now ? document.documentElement.scrollHeight : 0);
};
watch("value", () => setTimeout(changed, 50));

/* ---- The page stays at its foot while a reply grows, unless one has scrolled away */
let atFoot = true;
addEventListener("scroll", () => {
  atFoot = innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
}, { passive: true });
const grown = () => { if (atFoot) scrollTo(0, document.documentElement.scrollHeight); };
let lastSign = Date.now();
const live = () => document.getElementById("live");
new MutationObserver((changes) => {
  if (!changes.some((change) => live()?.contains(change.target))) return;
  lastSign = Date.now();
  grown();
}).observe(document.body, { childList: true, characterData: true, subtree: true });

/* ---- A reply that should be growing and is not: the connection was lost; take it up again */
const again = () => { lastSign = Date.now(); trigger("act", { do: "again" }); };
setInterval(() => {
  const waiting = shown()?.dataset.running === "1";
  if (waiting && !document.hidden && navigator.onLine && Date.now() - lastSign > 6000) again();
}, 2000);
addEventListener("workbench:back", () => { if (conversation()) again(); });
