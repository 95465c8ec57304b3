/* Runs before Gradio: chooses language and theme, so that the page never shows the wrong one first.
   Language: ?lang=, else the switch in the header, else the browser's. Gradio knows `zh-CN` and `en` exactly. */
(() => {
  const store = {
    get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window: until reload */ } },
  };

  const url = new URL(location);
  const asked = url.searchParams.get("lang");
  if (asked) {
    store.set("wb_lang", asked);
    url.searchParams.delete("lang");
    history.replaceState(null, "", url);
  }
  const wanted = asked || store.get("wb_lang") || navigator.language || "en";
  const lang = /^zh/i.test(wanted) ? "zh-CN" : "en";
  document.documentElement.lang = lang;
  const framed = window.self !== window.top && location.protocol === "https:"; // a Space, in the Hub's own page
  document.cookie = `ui_lang=${lang};path=/;max-age=31536000;${framed ? "samesite=none;secure;partitioned" : "samesite=lax"}`;
  Object.defineProperty(navigator, "language", { configurable: true, get: () => lang });
  Object.defineProperty(navigator, "languages", { configurable: true, get: () => [lang] });

  /* Gradio asks the system for the theme; a choice made in the header answers in its place. */
  const system = matchMedia("(prefers-color-scheme: dark)");
  const native = window.matchMedia.bind(window);
  const listeners = new Set();
  const isDark = () => {
    const choice = url.searchParams.get("__theme") || store.get("wb_theme");
    return choice ? choice === "dark" : system.matches;
  };
  window.matchMedia = (query) => {
    if (!/prefers-color-scheme/.test(query)) return native(query);
    return {
      media: query,
      get matches() { return isDark() === /dark/.test(query); },
      addEventListener: (_, listener) => listeners.add(listener),
      removeEventListener: (_, listener) => listeners.delete(listener),
    };
  };
  const paint = () => {
    document.documentElement.dataset.theme = isDark() ? "dark" : "light";
    for (const listener of listeners) listener();
  };
  system.addEventListener("change", paint);
  paint();

  window.workbench = {
    lang,
    store,
    switchLanguage() {
      store.set("wb_lang", lang === "en" ? "zh-CN" : "en");
      location.reload();
    },
    switchTheme() {
      store.set("wb_theme", isDark() ? "light" : "dark");
      paint();
    },
  };
})();
