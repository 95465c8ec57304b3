/* <wb-graph spec="{nodes, edges, kinds, words, how, name}">: who and what a text names, and how they relate.

   The same graph always looks the same: places come from a fixed start and a fixed number of steps. What is named can
   be dragged, the ground panned and zoomed; the keyboard does all of it. Colours come from the style sheet. */
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const STEPS = 320;
  const ZOOM = 1.25;
  const STRETCH_MAX = 1.5; // a few names do not lie further apart for a wide page
  const FEW = 8;
  let arrows = 0;
  const HEIGHT = { few: 320, wide: 460, narrow: 400 };
  const make = (name, attributes = {}, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const tag = (name, css, text) => {
    const made = document.createElement(name);
    if (css) made.className = css;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const SHAPES = {
    person: () => make("circle", { r: 6 }),
    place: () => make("path", { d: "M0-7 7 0 0 7-7 0z" }),
    organisation: () => make("rect", { x: -6, y: -6, width: 12, height: 12 }),
    time: () => make("path", { d: "M0-7 7 6-7 6z" }),
    other: () => make("circle", { r: 4.5 }),
  };
  const wide = (label) => [...label].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 16 : 8.2), 0);
  const shortened = (label) => (wide(label) > 190 ? `${label.slice(0, wide(label) / label.length > 12 ? 11 : 22)}…` : label);

  /* Places of nodes in a box: springs and repulsion (Fruchterman and Reingold, 1991), then labels pushed apart. */
  const laidOut = (nodes, edges, w, h) => {
    const k = 0.8 * Math.sqrt((w * h) / nodes.length);
    const reach = 2.5 * k; // what lies further apart leaves each other alone, or loose parts would fly off
    const at = nodes.map((_, i) => {
      const angle = i * 2.399963; // the golden angle
      const far = 0.42 * Math.sqrt((i + 0.5) / nodes.length);
      return [w * (0.5 + far * Math.cos(angle)), h * (0.5 + far * Math.sin(angle))];
    });
    const index = new Map(nodes.map((node, i) => [node.id, i]));
    const springs = edges.map((edge) =>
      [index.get(edge.source), index.get(edge.target), edge.kind === "together" ? 0.4 : 1]);
    for (let step = 0; step < STEPS; step += 1) {
      const move = at.map(([x, y]) => [(w / 2 - x) * 0.2, (h / 2 - y) * 0.3]);
      for (let i = 0; i < at.length; i += 1) {
        for (let j = 0; j < i; j += 1) {
          const dx = at[i][0] - at[j][0] || 0.01;
          const dy = at[i][1] - at[j][1];
          const far = Math.hypot(dx, dy);
          if (far > reach) continue;
          const push = (k * k) / Math.max(1, far * far);
          move[i][0] += dx * push; move[i][1] += dy * push;
          move[j][0] -= dx * push; move[j][1] -= dy * push;
        }
      }
      for (const [i, j, force] of springs) {
        const dx = at[i][0] - at[j][0];
        const dy = at[i][1] - at[j][1];
        const pull = (force * Math.hypot(dx, dy)) / k;
        move[i][0] -= dx * pull; move[i][1] -= dy * pull;
        move[j][0] += dx * pull; move[j][1] += dy * pull;
      }
      const heat = (w / 10) * (1 - step / STEPS);
      move.forEach(([x, y], i) => {
        const far = Math.hypot(x, y) || 1;
        at[i][0] += (x / far) * Math.min(far, heat);
        at[i][1] += (y / far) * Math.min(far, heat);
      });
    }
    return apart(nodes, fitted(nodes, at, w, h));
  };
  const fitted = (nodes, at, w, h) => {
    const side = Math.min(w / 4, Math.max(...nodes.map((node) => wide(shortened(node.label)))) / 2 + 8);
    return [[w, side, side], [h, 18, 38]].reduce((all, [size, before, after], axis) => {
      const values = all.map((one) => one[axis]);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const middle = before + (size - before - after) / 2;
      const scale = Math.min(STRETCH_MAX, (size - before - after) / Math.max(1, high - low));
      return all.map((one) => {
        const moved = [...one];
        moved[axis] = middle + (one[axis] - (low + high) / 2) * scale;
        return moved;
      });
    }, at);
  };
  const apart = (nodes, at) => {
    for (let step = 0; step < 60; step += 1) {
      for (let i = 0; i < at.length; i += 1) {
        for (let j = 0; j < i; j += 1) {
          const dx = at[i][0] - at[j][0];
          const dy = at[i][1] - at[j][1];
          const need = (wide(shortened(nodes[i].label)) + wide(shortened(nodes[j].label))) / 2 + 14;
          const [overX, overY] = [need - Math.abs(dx), 46 - Math.abs(dy)];
          if (overX <= 0 || overY <= 0) continue;
          const axis = overX * 0.5 < overY ? 0 : 1;
          const by = (axis ? overY : overX) / 4 * ((axis ? dy : dx) < 0 ? -1 : 1);
          at[i][axis] += by;
          at[j][axis] -= by;
        }
      }
    }
    return at;
  };

  class Graph extends HTMLElement {
    #spec = null;
    #off = new Set(); // kinds that are not shown
    #only = "";
    #at = new Map(); // node -> [x, y]
    #view = { x: 0, y: 0, k: 1 };
    #chosen = null; // a node or an edge
    #size = [0, 0];
    #sizes = new ResizeObserver(() => this.#fit());

    static observedAttributes = ["spec"];

    attributeChangedCallback(_, before, now) {
      if (before === now) return;
      this.#spec = JSON.parse(now);
      if (this.isConnected) this.#build();
    }

    connectedCallback() {
      if (this.#spec && !this.svg) this.#build();
      this.#sizes.observe(this);
    }

    disconnectedCallback() { this.#sizes.disconnect(); }

    #build() {
      const { words, how, name } = this.#spec;
      this.replaceChildren();
      this.svg = make("svg", { tabindex: 0, role: "application", "aria-label": `${name}. ${how}` });
      const head = make("marker", {
        id: `arrow-${(arrows += 1)}`, viewBox: "0 0 8 8", refX: 7, refY: 4,
        markerWidth: 9, markerHeight: 9, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse",
      });
      head.append(make("path", { d: "M0 0 8 4 0 8z" }));
      this.arrow = `url(#${head.id})`;
      this.ground = make("g");
      this.svg.append(head, this.ground);
      this.told = tag("div", "told");
      this.told.setAttribute("aria-live", "polite");
      const stage = tag("div", "stage");
      stage.append(this.svg, this.#zooms(words));
      this.append(this.#bar(words), stage, tag("p", "why", how), this.told, this.#list(words));
      this.#listen();
      this.#size = [0, 0];
      this.#fit();
    }

    /* Ticks for the kinds, and whose relations are shown. */
    #bar(words) {
      const bar = tag("div", "bar");
      const kinds = Object.entries(this.#spec.kinds).filter(([kind]) => this.#spec.nodes.some((n) => n.kind === kind));
      const ticks = tag("fieldset", "ticks");
      ticks.append(tag("legend", "", words.kinds));
      for (const [kind, word] of kinds) ticks.append(this.#tick(kind, word));
      if (this.#spec.edges.some((edge) => edge.kind === "together")) ticks.append(this.#tick("together", words.together));
      const label = tag("label", "only", `${words.only} `);
      const select = tag("select");
      select.append(new Option(words.all, ""));
      for (const node of this.#spec.nodes) select.append(new Option(node.label, node.id));
      select.addEventListener("change", () => { this.#only = select.value; this.#draw(); });
      label.append(select);
      bar.append(ticks, label);
      return bar;
    }

    #tick(kind, word) {
      const label = tag("label");
      const box = tag("input");
      box.type = "checkbox";
      box.checked = !this.#off.has(kind);
      box.addEventListener("change", () => {
        this.#off[box.checked ? "delete" : "add"](kind);
        this.#draw();
      });
      const sign = make("svg", { class: `sign ${kind}`, viewBox: "-9 -9 18 18", "aria-hidden": "true" });
      sign.append(SHAPES[kind]?.() ?? make("path", { d: "M-9 0H9", class: "edge together" }));
      label.append(box, sign, word);
      return label;
    }

    #zooms(words) {
      const zooms = tag("div", "zooms");
      for (const [sign, word, act] of [
        ["+", words.in, () => this.#zoom(ZOOM)], ["−", words.out, () => this.#zoom(1 / ZOOM)],
        [words.fit, words.fit, () => this.#reset()],
      ]) {
        const button = tag("button", "", sign);
        button.type = "button";
        button.setAttribute("aria-label", word);
        button.addEventListener("click", act);
        zooms.append(button);
      }
      return zooms;
    }

    /* The same for those who do not see the drawing, or would rather read. */
    #list(words) {
      const details = tag("details", "cmd");
      details.append(tag("summary", "", words.list));
      details.addEventListener("toggle", () => {
        if (details.open && details.children.length === 1) {
          const list = tag("ul", "edges");
          for (const edge of this.#spec.edges) list.append(this.#line(edge));
          details.append(list);
        }
      });
      return details;
    }

    #line(edge) {
      const item = tag("li");
      const button = tag("button", "plain-line", this.#says(edge));
      button.type = "button";
      button.addEventListener("click", () => { this.#choose(edge); this.told.scrollIntoView({ block: "nearest" }); });
      item.append(button);
      return item;
    }

    #node(id) { return this.#spec.nodes.find((node) => node.id === id); }

    #says(edge) {
      const ends = [this.#node(edge.source).label, this.#node(edge.target).label];
      if (edge.kind === "together") return `${ends[0]} · ${ends[1]} (${this.#spec.words.together})`;
      return `${ends[0]} — ${edge.label} → ${ends[1]}`;
    }

    #fit() {
      const w = this.clientWidth;
      const few = this.#spec.nodes.length <= FEW;
      const h = few ? HEIGHT.few : w < 600 ? HEIGHT.narrow : HEIGHT.wide;
      if (!this.svg || !w || (w === this.#size[0] && h === this.#size[1])) return;
      this.#size = [w, h];
      this.svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
      this.svg.style.height = `${h}px`;
      const { nodes, edges } = this.#spec;
      laidOut(nodes, edges, w, h).forEach((place, i) => this.#at.set(nodes[i].id, place));
      this.#draw();
    }

    #seen() {
      const nodes = this.#spec.nodes.filter((node) => !this.#off.has(node.kind));
      let here = new Set(nodes.map((node) => node.id));
      let edges = this.#spec.edges.filter((edge) =>
        here.has(edge.source) && here.has(edge.target) && !this.#off.has(edge.kind));
      if (this.#only && here.has(this.#only)) {
        edges = edges.filter((edge) => edge.source === this.#only || edge.target === this.#only);
        here = new Set([this.#only, ...edges.flatMap((edge) => [edge.source, edge.target])]);
      }
      return { nodes: nodes.filter((node) => here.has(node.id)), edges };
    }

    #draw() {
      const { nodes, edges } = this.#seen();
      if (this.#chosen && !nodes.includes(this.#chosen) && !edges.includes(this.#chosen)) this.#chosen = null;
      const near = this.#near(edges);
      this.#place();
      this.ground.replaceChildren(
        ...edges.map((edge) => this.#edge(edge, edges, near)), ...nodes.map((node) => this.#mark(node, near)));
    }

    /* What stands out while something is chosen. */
    #near(edges) {
      const chosen = this.#chosen;
      if (!chosen) return null;
      if (chosen.source) return new Set([chosen, this.#node(chosen.source), this.#node(chosen.target)]);
      const mine = edges.filter((edge) => edge.source === chosen.id || edge.target === chosen.id);
      return new Set([chosen, ...mine, ...mine.flatMap((edge) => [this.#node(edge.source), this.#node(edge.target)])]);
    }

    #css(thing, near) {
      return `${thing === this.#chosen ? " chosen" : ""}${near && !near.has(thing) ? " dim" : ""}`;
    }

    #edge(edge, edges, near) {
      const [a, b] = [this.#at.get(edge.source), this.#at.get(edge.target)];
      const same = edges.filter((one) =>
        (one.source === edge.source && one.target === edge.target) ||
        (one.source === edge.target && one.target === edge.source));
      const bow = (same.indexOf(edge) - (same.length - 1) / 2) * 38 * (edge.source < edge.target ? 1 : -1);
      const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
      const far = Math.hypot(dx, dy) || 1;
      const middle = [(a[0] + b[0]) / 2 - (dy / far) * bow, (a[1] + b[1]) / 2 + (dx / far) * bow];
      const gap = Math.min(11, far / 3) / far;
      const from = [a[0] + dx * gap, a[1] + dy * gap];
      const to = [b[0] - dx * gap, b[1] - dy * gap];
      const bent = [2 * middle[0] - (from[0] + to[0]) / 2, 2 * middle[1] - (from[1] + to[1]) / 2];
      const d = `M${from.map(Math.round)}Q${bent.map(Math.round)} ${to.map(Math.round)}`;
      const group = make("g", { class: `link ${edge.kind}${this.#css(edge, near)}` });
      const line = make("path", { d, class: `edge ${edge.kind}` });
      if (edge.kind !== "together") line.setAttribute("marker-end", this.arrow);
      group.append(make("path", { d, class: "reach" }), line);
      if (edge.kind !== "together" && (far > wide(shortened(edge.label)) * 0.8 + 30 || edge === this.#chosen)) {
        group.append(make("text", { x: middle[0], y: middle[1] + 4 }, shortened(edge.label)));
      }
      group.append(make("title", {}, this.#says(edge)));
      group.addEventListener("click", () => this.#choose(edge));
      return group;
    }

    #mark(node, near) {
      const [x, y] = this.#at.get(node.id);
      const group = make("g", { class: `node ${node.kind}${this.#css(node, near)}`, transform: `translate(${x} ${y})` });
      group.dataset.id = node.id;
      group.append(make("circle", { r: 16, class: "reach" }), SHAPES[node.kind]());
      group.append(make("text", { y: 24 }, shortened(node.label)));
      group.append(make("title", {}, `${node.label}, ${node.word}`));
      return group;
    }

    #choose(thing) {
      this.#chosen = thing;
      this.#draw();
      this.#tell();
    }

    /* What is chosen, in words, and the sentences that say so. */
    #tell() {
      const { words } = this.#spec;
      const chosen = this.#chosen;
      this.told.replaceChildren();
      if (!chosen) return;
      if (chosen.source) {
        this.told.append(tag("p", "says", chosen.kind === "together" || chosen.kind === "written"
          ? this.#says(chosen) : `${this.#says(chosen)}  ${chosen.score.toFixed(2)}`));
        for (const { at, text } of chosen.said) this.told.append(this.#quote(at, text, words));
        return;
      }
      this.told.append(tag("p", "says", chosen.label), tag("p", "meter", `${chosen.word} · ${chosen.named}`));
      const list = tag("ul", "edges");
      for (const edge of this.#seen().edges) {
        if (edge.source === chosen.id || edge.target === chosen.id) list.append(this.#line(edge));
      }
      this.told.append(list);
    }

    #quote(at, text, words) {
      const quote = tag("blockquote");
      quote.append(tag("p", "", text));
      if (/[\u3400-\u9fff]/u.test(text)) quote.lang = "zh-CN";
      if (window.workbench.isShown(String(at))) {
        const go = tag("button", "quiet", words.go);
        go.type = "button";
        go.dataset.go = at;
        quote.append(go);
      }
      return quote;
    }

    #place() {
      const { x, y, k } = this.#view;
      this.ground.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
    }

    #zoom(by, x = this.#size[0] / 2, y = this.#size[1] / 2) {
      const k = Math.min(5, Math.max(0.3, this.#view.k * by));
      const real = k / this.#view.k;
      this.#view = { k, x: x - (x - this.#view.x) * real, y: y - (y - this.#view.y) * real };
      this.#place();
    }

    #reset() {
      this.#view = { x: 0, y: 0, k: 1 };
      this.#size = [0, 0];
      this.#fit();
      this.#place();
    }

    #listen() {
      const held = new Map(); // pointer -> where it is
      let drag = null;
      const where = (event) => {
        const box = this.svg.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
      };
      this.svg.addEventListener("pointerdown", (event) => {
        held.set(event.pointerId, where(event));
        const id = event.target.closest?.(".node")?.dataset.id;
        drag = { id, from: where(event), moved: false };
        if (id) this.svg.setPointerCapture(event.pointerId);
      });
      this.svg.addEventListener("pointermove", (event) => {
        if (!held.has(event.pointerId) || !drag) return;
        const [before, now] = [held.get(event.pointerId), where(event)];
        const apartBefore = this.#gap(held);
        held.set(event.pointerId, now);
        if (held.size === 2) {
          this.#zoom(this.#gap(held) / Math.max(1, apartBefore), ...now);
        } else {
          drag.moved ||= Math.hypot(now[0] - drag.from[0], now[1] - drag.from[1]) > 4;
          if (drag.moved) this.#drag(drag.id, now[0] - before[0], now[1] - before[1]);
        }
      });
      for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
        this.svg.addEventListener(end, (event) => {
          if (!held.delete(event.pointerId) || held.size) return;
          const ended = drag;
          drag = null;
          if (end !== "pointerup" || !ended || ended.moved) return;
          if (ended.id) this.#choose(this.#node(ended.id));
          else if (!event.target.closest?.(".link")) this.#choose(null);
        });
      }
      this.svg.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.metaKey) return; // the wheel alone scrolls the page
        event.preventDefault();
        this.#zoom(event.deltaY < 0 ? 1.1 : 1 / 1.1, ...where(event));
      }, { passive: false });
      this.svg.addEventListener("keydown", (event) => this.#key(event));
    }

    #gap(held) {
      const [one, other] = [...held.values()];
      return other ? Math.hypot(one[0] - other[0], one[1] - other[1]) : 0;
    }

    #drag(id, dx, dy) {
      if (id) {
        const [x, y] = this.#at.get(id);
        this.#at.set(id, [x + dx / this.#view.k, y + dy / this.#view.k]);
        this.#draw();
      } else {
        this.#view.x += dx;
        this.#view.y += dy;
        this.#place();
      }
    }

    #key(event) {
      const [across, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
      const acts = { "+": () => this.#zoom(ZOOM), "=": () => this.#zoom(ZOOM), "-": () => this.#zoom(1 / ZOOM),
        0: () => this.#reset(), Escape: () => this.#choose(null) };
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (across || down) {
        if (event.shiftKey) this.#drag(null, -across * 40, -down * 40);
        else this.#step(across, down);
      } else if (Object.hasOwn(acts, event.key)) acts[event.key]();
      else return;
      event.preventDefault();
    }

    #step(across, down) {
      const { nodes, edges } = this.#seen();
      if (!nodes.length) return;
      const chosen = this.#chosen;
      const node = chosen?.source ? this.stood ?? this.#node(chosen.source) : chosen;
      if (across || !node) {
        const at = node ? nodes.indexOf(node) + across : 0;
        this.stood = nodes[(at + nodes.length) % nodes.length];
        this.#choose(this.stood);
        return;
      }
      const mine = edges.filter((edge) => edge.source === node.id || edge.target === node.id);
      if (!mine.length) return;
      this.stood = node;
      const at = chosen?.source ? mine.indexOf(chosen) + down : down > 0 ? 0 : mine.length - 1;
      this.#choose(mine[(at + mine.length) % mine.length]);
    }
  }
  customElements.define("wb-graph", Graph);
})();
