/* <wb-chart>: curves on a small canvas, words in HTML over it. The one chart of the page.

   chart.spec = {
     x: "step", caption: "...", log: true, x_max: 2000, small: false,
     series: [{ name: "validation", kind: "main" | "quiet" | "dotted" | "dashed", digits: 2, points: [[x, y], ...] }],
   }
   or the same as JSON in its attribute `spec`. Colours come from the page's CSS variables; it is drawn anew when its
   size or the theme changes. The pointer, and the arrow keys, move a line that reads the figures out. */
(() => {
  const charts = new Set();
  const LINE = { main: ["accent", 2, []], quiet: ["ink-3", 1.25, []], dotted: ["ink-2", 1.5, [1.5, 3.5]],
    dashed: ["ink-2", 1.5, [7, 4]] };
  const count = (x) => Math.round(x).toLocaleString("en");
  const figure = (y, digits) =>
    Math.abs(y) >= 1000 ? count(y) : Math.abs(y) >= 0.01 || y === 0 ? y.toFixed(digits ?? 2) : y.toExponential(1);

  /* Round numbers between lo and hi, about `n` of them. */
  const evenTicks = (lo, hi, n) => {
    const raw = (hi - lo) / n || 1;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((one) => one >= raw);
    const ticks = [];
    for (let at = Math.ceil(lo / step); at * step <= hi + step * 1e-9; at += 1) ticks.push(at * step);
    return ticks;
  };
  const logTicks = (lo, hi, n) => {
    const all = [];
    for (let power = Math.floor(Math.log10(lo)); power <= Math.log10(hi); power += 1) {
      for (const m of [1, 1.5, 2, 3, 4, 5, 6, 8]) {
        const tick = m * 10 ** power;
        if (tick >= lo && tick <= hi) all.push(tick);
      }
    }
    if (all.length < 2) return evenTicks(lo, hi, n);
    const apart = Math.log(hi / lo) / (n + 1);
    return all.reduce((kept, tick) =>
      kept.length && Math.log(tick / kept.at(-1)) < apart ? kept : [...kept, tick], []);
  };
  const nearest = (points, x) => {
    let low = 0;
    let high = points.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (points[middle][0] < x) low = middle + 1; else high = middle;
    }
    return low && x - points[low - 1][0] < points[low][0] - x ? points[low - 1] : points[low];
  };

  class Chart extends HTMLElement {
    #spec = null;
    #at = null; // where the reading line stands, in units of x
    #scale = null;
    #sizes = new ResizeObserver(() => this.draw());

    static observedAttributes = ["spec"];

    attributeChangedCallback(_, before, now) {
      if (before !== now) this.spec = JSON.parse(now);
    }

    set spec(value) {
      this.#spec = value && value.series
        ? { ...value, series: value.series.filter((one) => one.points.length) }
        : null;
      this.draw();
    }

    get spec() { return this.#spec; }

    connectedCallback() {
      if (!this.plot) this.#build();
      charts.add(this);
      this.#sizes.observe(this.plot);
    }

    disconnectedCallback() {
      charts.delete(this);
      this.#sizes.disconnect();
    }

    #build() {
      this.innerHTML = '<div class="plot" role="img" tabindex="0"><canvas></canvas></div><p class="caption"></p>';
      this.plot = this.querySelector(".plot");
      this.canvas = this.querySelector("canvas");
      this.plot.addEventListener("pointermove", (event) => {
        this.#read(event.clientX - this.plot.getBoundingClientRect().left);
      });
      for (const end of ["pointerleave", "blur"]) this.plot.addEventListener(end, () => this.#read(null));
      this.plot.addEventListener("keydown", (event) => {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!by || !this.#scale) return;
        event.preventDefault();
        const { left, width, x } = this.#scale;
        this.#read((this.#at === null ? left + width : x(this.#at)) + by * width / 50);
      });
    }

    #read(pixel) {
      if (!this.#scale) return;
      const { left, width, lowest, highest } = this.#scale;
      const share = pixel === null ? null : Math.max(0, Math.min(1, (pixel - left) / width));
      this.#at = share === null ? null : lowest + share * (highest - lowest);
      this.draw();
    }

    #word(css, text, left, top) {
      const word = document.createElement("span");
      word.className = css;
      word.textContent = text;
      word.style.cssText = `left:${left}px;top:${top}px`;
      this.plot.append(word);
      return word;
    }

    draw() {
      const spec = this.#spec;
      if (!this.plot) return;
      for (const word of this.plot.querySelectorAll("span")) word.remove();
      this.querySelector(".caption").textContent = spec?.caption ?? "";
      this.#scale = null;
      const { clientWidth: w, clientHeight: h } = this.plot;
      const pen = this.canvas.getContext("2d");
      const ratio = devicePixelRatio || 1;
      this.canvas.width = w * ratio;
      this.canvas.height = h * ratio;
      if (!w || !spec?.series.length) return;
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      const css = getComputedStyle(this);
      const colour = (name) => css.getPropertyValue(`--${name}`).trim();
      pen.font = `600 12px ${css.fontFamily}`;
      const ends = spec.series.map((one) =>
        one.label ?? `${one.name} ${figure(one.points.at(-1)[1], one.digits)}`);
      const room = spec.small ? 12 : Math.min(w * 0.34, Math.max(...ends.map((end) => pen.measureText(end).width)) + 22);
      const scale = this.#scaled(spec, w, h, room);
      this.#scale = scale;
      this.#grid(pen, colour, scale, spec, h);
      for (const one of spec.series) this.#curve(pen, colour, scale, one);
      if (!spec.small) this.#ends(scale, spec, ends, room);
      if (this.#at !== null) this.#reading(pen, colour, scale, spec, w, h);
      this.plot.setAttribute("aria-label", `${spec.caption}: ${ends.join(", ")}`);
    }

    #scaled(spec, w, h, room) {
      const values = spec.series.flatMap((one) => one.points.map((point) => point[1]));
      const steps = spec.series.flatMap((one) => [one.points[0][0], one.points.at(-1)[0]]);
      let low = Math.min(...values);
      let high = Math.max(...values);
      const log = spec.log && low > 0;
      const spread = log ? Math.log(high / low) : high - low;
      if (log) [low, high] = spread > 0.02 ? [low * 0.96, high * 1.04] : [low * 0.8, high * 1.25];
      else if (spread > 1e-12) [low, high] = [low - spread * 0.06, high + spread * 0.06];
      else [low, high] = [Math.min(0, low * 2), Math.max(low * 2, 1e-9)];
      if (!log && Math.min(...values) >= 0) low = Math.max(0, low);
      const ticks = (log ? logTicks : evenTicks)(low, high, spec.small ? 2 : 4);
      const left = Math.max(...ticks.map((tick) => this.#tick(tick).length)) * 7 + 8;
      const area = { left, top: 8, width: w - left - room, height: h - 30 };
      const lowest = Math.min(0, ...steps);
      const highest = Math.max(spec.x_max ?? 0, ...steps, lowest + 1);
      const part = log
        ? (value) => Math.log(value / low) / Math.log(high / low)
        : (value) => (value - low) / (high - low);
      return {
        ...area, lowest, highest, ticks,
        x: (step) => area.left + area.width * (step - lowest) / (highest - lowest),
        y: (value) => area.top + area.height * (1 - part(value)),
      };
    }

    #tick(value) {
      if (Math.abs(value) >= 10_000) return `${+(value / 1000).toPrecision(3)}k`;
      return value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(0) : String(+value.toPrecision(3));
    }

    #grid(pen, colour, scale, spec, h) {
      pen.lineWidth = 1;
      pen.strokeStyle = colour("line");
      for (const tick of scale.ticks) {
        const y = Math.round(scale.y(tick)) + 0.5;
        pen.beginPath();
        pen.moveTo(scale.left, y);
        pen.lineTo(scale.left + scale.width, y);
        pen.stroke();
        this.#word("at-y", this.#tick(tick), 0, y).style.width = `${scale.left - 8}px`;
      }
      const wide = scale.width / (spec.small ? 70 : 110);
      for (const step of evenTicks(scale.lowest, scale.highest, Math.max(1, Math.min(5, Math.floor(wide))))) {
        if (Number.isInteger(step)) this.#word("at-x", count(step), scale.x(step), h - 14);
      }
    }

    #curve(pen, colour, scale, one) {
      const [name, width, dash] = LINE[one.kind] ?? LINE.quiet;
      pen.strokeStyle = pen.fillStyle = colour(name);
      pen.lineWidth = width;
      pen.lineJoin = "round";
      pen.setLineDash(dash);
      pen.beginPath();
      one.points.forEach(([step, value], at) => pen[at ? "lineTo" : "moveTo"](scale.x(step), scale.y(value)));
      pen.stroke();
      pen.setLineDash([]);
      const [step, value] = one.points.at(-1);
      pen.beginPath();
      pen.arc(scale.x(step), scale.y(value), one.kind === "main" ? 3 : 2.5, 0, 7);
      pen.fill();
    }

    /* Names stand where the lines end, pushed apart where the lines meet. */
    #ends(scale, spec, ends, room) {
      const words = spec.series.map((one, at) => {
        const [step, value] = one.points.at(-1);
        return { one, text: ends[at], x: scale.x(step) + 9, y: scale.y(value) };
      }).sort((one, other) => one.y - other.y);
      const lowest = scale.top + scale.height + 2;
      for (let at = 1; at < words.length; at += 1) words[at].y = Math.max(words[at].y, words[at - 1].y + 16);
      for (let at = words.length - 1; at >= 0; at -= 1) {
        const below = at + 1 < words.length ? words[at + 1].y - 16 : lowest;
        words[at].y = Math.min(words[at].y, below);
      }
      for (const { one, text, x, y } of words) {
        const left = Math.min(x, scale.left + scale.width + 9);
        this.#word(`at-end at-${one.kind}`, text, left, y).style.maxWidth = `${Math.max(room - 10, 40)}px`;
      }
    }

    #reading(pen, colour, scale, spec, w, h) {
      const found = spec.series.map((one) => [one, nearest(one.points, this.#at)]);
      const [, [step]] = found.reduce((best, next) =>
        Math.abs(next[1][0] - this.#at) < Math.abs(best[1][0] - this.#at) ? next : best);
      pen.strokeStyle = colour("edge");
      pen.lineWidth = 1;
      const x = Math.round(scale.x(step)) + 0.5;
      pen.beginPath();
      pen.moveTo(x, scale.top);
      pen.lineTo(x, scale.top + scale.height);
      pen.stroke();
      const said = found.map(([one, point]) => `${one.name} ${figure(point[1], one.digits)}`);
      const tip = this.#word("at-tip", [`${spec.x} ${count(step)}`, ...said].join("   "), 0, scale.top);
      tip.style.left = `${Math.max(0, Math.min(x + 8, w - tip.offsetWidth))}px`;
      if (spec.small) tip.style.top = "-6px";
    }
  }
  customElements.define("wb-chart", Chart);

  const again = () => { for (const chart of charts) chart.draw(); };
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  addEventListener("DOMContentLoaded", () =>
    new MutationObserver(again).observe(document.body, { attributeFilter: ["class"] }));
})();
