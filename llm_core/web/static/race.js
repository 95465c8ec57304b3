/* A race asks how it is while it is under way and somebody looks. */
const ask = () => {
  if (!element.isConnected) return clearInterval(timer);
  if (document.hidden || !element.offsetParent || !element.querySelector('[data-live="1"]')) return;
  trigger("look", {});
};
const timer = setInterval(ask, 1500);
