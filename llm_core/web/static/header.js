/* The header asks for its news: every second while a model is being fetched, else now and then. */
let mark = null;
let timer = 0;

const show = (news) => {
  if (news.html !== props.value) props.value = news.html;
  if (mark !== null && mark !== news.mark) trigger("models_changed");
  mark = news.mark;
  clearTimeout(timer);
  timer = setTimeout(ask, news.busy ? 1000 : 15000);
};

const ask = async () => {
  if (document.hidden) {
    timer = setTimeout(ask, 2000);
    return;
  }
  try {
    show(await server.news(null));
    window.workbench.reached(true);
  } catch {
    window.workbench.reached(false);
    timer = setTimeout(ask, 2000);
  }
};

/* Buttons that fetch a model stand here and in the tabs; page.js passes their clicks on. */
window.workbench.fetchModel = async (act, name) => {
  const news = await server.act({ act, name });
  show(news);
  trigger("models_changed");
  return news.error;
};
window.workbench.modelsChanged = () => trigger("models_changed");
window.workbench.askHeader = () => { clearTimeout(timer); ask(); };
ask();
