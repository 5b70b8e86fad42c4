// The panel of a run: title, buttons, progress, sliders, and the pictures sharing the room there is.
//
// It stands behind plots/draw.js, controls.js and room.js in one module. The kernel's half is
// live/panel.py. From there come `state`, `controls` and `pictures` (the last ones, kept), and while
// a run plays a message for each new picture. Messages may overtake what is kept, so both are
// numbered. Back go orders, settings, and what was drawn, so that a slow page gets fewer pictures
// and never a queue.

const BUTTONS = [
  ["play", "", "train, or hold on (space)"],
  ["step", "Step", "one update (→)"],
  ["stop", "Stop", "end here for good"],
  ["reset", "Reset", "begin anew (r)"],
];
const RECORDED = ["play"];  // what a recorded run's slider does not do
const KEPT = 120;  // moments of a run that an animation shows

export default { render({ model, el }) { return new Panel(model, el).open(); } };

class Panel {
  constructor(model, el) {
    this.model = model;
    this.id = Math.random().toString(36).slice(2);
    this.el = el;
    this.pictures = [];
    this.film = { every: 1, seen: 0, moments: [] };
    this.drawn = -1;
  }

  open() {
    this.build();
    const { model } = this, off = [];
    const on = (event, callback) => { model.on(event, callback); off.push(() => model.off(event, callback)); };
    on("change:state", () => this.showState());
    on("change:pictures", () => this.takeAll());
    on("msg:custom", (message, buffers) => this.take(message, buffers[0]));
    this.takeAll();
    this.showState();
    const seen = new IntersectionObserver(([entry]) => this.see(entry.isIntersecting));
    const sized = new ResizeObserver(() => this.inPage() && this.arrange());
    const themed = new MutationObserver(() => this.paint());
    seen.observe(this.root);
    sized.observe(this.el);
    sized.observe(document.documentElement);
    themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-theme", "class"] });
    const claim = (event) => this.claim(event);
    window.addEventListener("keydown", claim, true);
    model.widget_manager?.kernel?.statusChanged?.connect((_, status) => {
      if (/restarting|dead|terminating/.test(status)) this.root.classList.add("lecturekit-gone");
    });
    const snapshots = setInterval(() => this.visible && this.snapshot(), 20000);
    return () => {
      clearInterval(snapshots);
      window.removeEventListener("keydown", claim, true);
      off.forEach((undo) => undo());
      [seen, sized, themed].forEach((observer) => observer.disconnect());
      this.say({ unsee: this.id });
    };
  }

  // Whether it stands in the page by now; when it first does, it sees to being seen.
  inPage() {
    if (!this.root.isConnected) return false;
    if (!this.entered) this.keepInSight();
    return (this.entered = true);
  }

  // ---------------------------------------------------------------------------------- the parts

  build() {
    const { model } = this, state = model.get("state");
    this.root = make("div", { className: "lecturekit-run", tabIndex: 0, role: "group", ariaLabel: state.name || "live run" });
    this.title = make("strong", { textContent: state.name });
    const recorded = state.moments > 0;  // then there are moments to go to, and no kernel to stop
    this.buttons = Object.fromEntries(BUTTONS.filter(([order]) => !recorded || RECORDED.includes(order)).map(([order, text, title]) =>
      [order, make("button", { textContent: text, title, onclick: () => this.say({ order: this.meant(order) }) })]));
    this.progress = recorded
      ? make("input", { type: "range", className: "lecturekit-moment", ariaLabel: "moment of the run", oninput: ({ target }) => this.say({ seek: Number(target.value) }) })
      : make("progress", { ariaLabel: "progress" });
    this.words = make("span", { className: "lecturekit-state", role: "status" });
    this.brushes = Object.entries(state.brushes).map(([view, names]) => this.brush(Number(view), names));
    const tools = make("span", { className: "lecturekit-tools" }, [
      this.tool("Sliders back", "put the sliders back", () => this.say({ order: "defaults" }), model.get("controls").length),
      this.saving(state.transport, recorded),
      this.tool("Full screen", "fill the screen (f)", () => this.toggleFullScreen()),
    ]);
    const transport = state.transport ? [...Object.values(this.buttons), this.progress, this.words] : [];
    this.bar = make("div", { className: "lecturekit-bar" }, [this.title, ...transport, ...this.brushes.flatMap(({ parts }) => parts), tools]);
    this.controls = new Controls(model.get("controls"), (place, value) => this.say({ set: place, value }));
    this.error = make("div", { className: "lecturekit-error", role: "alert", hidden: true });
    this.lost = make("div", { className: "lecturekit-lost", textContent: "The kernel was restarted, and this run is gone with it. Run the cell again." });
    this.views = make("div", { className: "lecturekit-views" });
    this.root.append(this.bar, this.lost, this.controls.root, this.error, this.views);
    this.root.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["mousedown", "focusin"]) this.root.addEventListener(kind, keepOnSlide);
    this.root.addEventListener("fullscreenchange", () => this.arrange());
    this.el.append(this.root);
  }

  tool(text, title, onclick, there = true) {
    return there ? make("button", { textContent: text, title, onclick }) : "";
  }

  saving(film, recorded) {
    const kinds = { "picture (PNG)": () => this.savePng() };
    if (!recorded) kinds["pictures (SVG)"] = () => this.say({ save: "svg" });  // the kernel draws them
    if (film) kinds["the run so far (film)"] = () => this.saveFilm();
    const menu = make("select", { ariaLabel: "save", title: "save what is to be seen" },
      ["Save …", ...Object.keys(kinds)].map((text) => make("option", { textContent: text })));
    menu.addEventListener("change", () => { kinds[menu.value]?.(); menu.selectedIndex = 0; });
    return menu;
  }

  // What one paints with on a picture: strokes go to the kernel, which paints, and shows what
  // comes of it.
  brush(view, names) {
    const list = make("select", { ariaLabel: "brush", title: "what you paint with" }, names.map((textContent) => make("option", { textContent })));
    const clear = make("button", { textContent: "Clear", title: "take away what you have painted", onclick: () => this.say({ clear: view }) });
    return { view, list, parts: names.length > 1 ? [list, clear] : [clear] };
  }

  letPaint(place, { view, list }) {
    const { canvas } = place, where = ({ offsetX, offsetY }) => place.where(offsetX, offsetY);
    let corners = [], due = null;
    const say = () => {
      due = null;
      this.say({ paint: view, brush: list.selectedIndex, corners });
      corners = corners.slice(-1);
    };
    canvas.classList.add("lecturekit-painted");
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button || !place.where) return;
      canvas.setPointerCapture(event.pointerId);
      corners = [where(event)];
      say();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      corners.push(where(event));
      due ??= requestAnimationFrame(say);
    });
  }

  showState() {
    const state = this.model.get("state");
    this.buttons.play.textContent = this.underWay() ? "Pause" : "Play";
    for (const [order, button] of Object.entries(this.buttons)) {
      const can = state.can.includes(order);
      if (!can && button === document.activeElement) this.root.focus();  // else keys would be nobody's
      button.disabled = !can;
    }
    if (this.buttons.reset) this.buttons.reset.hidden = !state.resettable;
    this.progress.max = Math.max(state.total, 1);
    this.progress.value = state.update;
    this.words.textContent = state.words;
    state.values.forEach((value, place) => this.controls.show(place, value));
    const before = this.error.hidden;
    this.error.hidden = !state.error;
    this.error.replaceChildren(make("b", { textContent: state.error?.kind }), make("pre", { textContent: state.error?.text }));
    state.alts.forEach((alt, index) => { if (this.pictures[index]) this.pictures[index].canvas.ariaLabel = alt; });
    this.root.dataset.status = state.status;
    if (before !== this.error.hidden) this.arrange();
    if (state.status !== this.status && state.status !== "playing") setTimeout(() => this.snapshot(), 400);
    this.status = state.status;
  }

  // ------------------------------------------------------------------- what goes to the kernel

  say(message) { this.model.send(message); }

  meant(order) {
    return order === "play" && this.underWay() ? "pause" : order;
  }

  underWay() { return ["playing", "finishing"].includes(this.model.get("state").status); }

  // Plain keys are the panel's; with Ctrl-S or Shift-Enter it is Jupyter that is meant. It looks for
  // the attribute from the focused part upwards, and asks first whether that part is focused.
  claim(event) {
    for (const part of [this.root, ...this.root.querySelectorAll("button, input, select")])
      part.toggleAttribute("data-lm-suppress-shortcuts", !modified(event));
  }

  key(event) {
    const onSlider = event.target.type === "range", onButton = event.target.tagName === "BUTTON";
    const order = { " ": !onButton && "play", ArrowRight: !onSlider && "step", r: "reset" }[event.key];
    if (modified(event)) return;
    event.stopPropagation();
    if (event.key === "f") this.toggleFullScreen();
    else if (order && this.model.get("state").can.includes(order)) this.say({ order: this.meant(order) });
    else return;
    event.preventDefault();
  }

  see(visible) {
    this.visible = visible;
    if (visible) this.arrange();  // on a slide, what stands above it may be new
    this.say(visible ? { see: this.id, drawn: -1 } : { unsee: this.id });
  }

  // ------------------------------------------------------------------------------- the pictures

  takeAll() {
    this.model.get("pictures").forEach((picture, index) => {
      const place = (this.pictures[index] ??= this.place(index));
      if (picture.frame > place.frame) this.receive(place, picture);
    });
    this.arrange();
  }

  take(message, data) {
    if (message.saved) return save(new Blob([data], { type: message.type }), message.saved);
    if (message.view === undefined) return;
    const place = (this.pictures[message.view] ??= this.place(message.view));
    place.told = message.what ?? place.told;  // it is only said anew where it is another one
    if (place.told) this.receive(place, { ...message, what: place.told, data });
    if (this.visible) this.due ??= requestAnimationFrame(() => this.paint());
  }

  receive(place, { frame, what, how, data }) {
    place.frame = frame;
    this.frame = Math.max(frame, this.frame ?? frame);  // what is kept may come late
    if (what !== place.words) {
      [place.words, place.what] = [what, JSON.parse(what)];
      this.unarranged = true;
    }
    place.how = JSON.parse(how);
    const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    place.arrays = {};
    for (const [mark, name, type, offset, length] of place.how.arrays)
      (place.arrays[mark] ??= {})[name] = new (type === "u1" ? Uint8Array : Float32Array)(bytes, offset, length);
    this.keep();
  }

  place(index) {
    const canvas = make("canvas", { role: "img" }), place = { canvas, frame: -1 };
    const brush = this.brushes.find(({ view }) => view === index);
    this.views.append(canvas);
    if (brush) this.letPaint(place, brush);
    return place;
  }

  paint() {
    this.due = null;
    if (!this.root.isConnected) return;
    if (this.unarranged) return this.arrange();
    const theme = this.theme();
    for (const place of this.pictures) if (place?.what) this.draw(place, theme);
    this.root.dispatchEvent(new CustomEvent("lecturekit-painted", { detail: this.frame }));  // for benchmarks
    if (this.frame !== undefined && this.frame !== this.drawn) this.say({ see: this.id, drawn: (this.drawn = this.frame) });
  }

  // A picture that cannot be drawn holds up neither the others nor the run.
  draw(place, theme) {
    try {
      place.where = drawPicture(place.canvas, place, theme);
    } catch (error) {
      console.error("lecturekit:", error);
    }
  }

  // The pictures share the room there is. Of all ways to cut it, the one that gives most to all.
  arrange() {
    const places = this.pictures.filter((place) => place?.what), full = document.fullscreenElement === this.root;
    this.root.style.fontSize = full ? `${Math.max(16, window.innerHeight / 42)}px` : "";
    const W = this.views.clientWidth, above = this.views.offsetTop;
    if (!places.length || !W || !this.root.isConnected) return;
    const seen = full ? window.innerHeight - 12 : roomOf(this.root) - 36;
    const H = Math.max(240, seen - above), { boxes, height } = bestCut(places.map(preferredShape), W, H);
    this.views.style.height = `${height}px`;
    places.forEach(({ canvas }, i) => {
      const [left, top, width, high] = boxes[i].map(Math.floor);
      Object.assign(canvas.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${high}px` });
    });
    const middle = boxes.reduce((sum, [, , w, h]) => sum + Math.sqrt(w * h), 0) / boxes.length;
    this.size = Math.min(Math.max(middle / (full ? 22 : 26), 11.5), 40);  // of the type, in all pictures; a hall sits further away
    this.unarranged = false;
    this.paint();
  }

  theme() { return { ...themeOf(this.root), size: this.size }; }

  // Shift-Enter goes on to the next cell, and would leave a tall panel above the screen. So for a
  // moment after it was opened by the cell that was just run, it stays in sight.
  keepInSight() {
    const cell = this.el.closest(".jp-Cell"), active = document.querySelector(".jp-Notebook .jp-Cell.jp-mod-active");
    if (!cell || !(active === cell || active === cell.nextElementSibling)) return;
    let hands = false;
    const stop = () => { hands = true; };
    for (const event of ["wheel", "pointerdown", "keydown"]) document.addEventListener(event, stop, { once: true, capture: true });
    for (const wait of [50, 250, 600, 1200])
      setTimeout(() => hands || this.root.scrollIntoView({ block: this.root.offsetHeight > 400 ? "start" : "nearest" }), wait);
  }

  toggleFullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen().then(() => this.root.focus());
  }

  // ------------------------------------------------------------------------------------- saving

  keep() {
    const { film } = this;
    if (film.seen++ % film.every || !this.pictures.every((place) => place?.what)) return;
    film.moments.push(this.pictures.map(({ what, how, arrays }) => ({ what, how, arrays })));
    if (film.moments.length > KEPT) [film.moments, film.every] = [film.moments.filter((_, i) => i % 2 === 0), 2 * film.every];
  }

  // All pictures beside each other as they stand in the page, on one canvas.
  composed() {
    const ratio = window.devicePixelRatio || 1, all = make("canvas"), pen = all.getContext("2d");
    [all.width, all.height] = [this.views.clientWidth * ratio, this.views.clientHeight * ratio];
    pen.fillStyle = themeOf(this.root).face;
    pen.fillRect(0, 0, all.width, all.height);
    for (const { canvas } of this.pictures)
      pen.drawImage(canvas, canvas.offsetLeft * ratio, canvas.offsetTop * ratio);
    return all;
  }

  // The kernel keeps it beside the panel, for those who open the notebook without a kernel.
  async snapshot() {
    const there = this.visible && this.root.isConnected && this.pictures.length;
    if (!there || this.film.seen === this.shot) return;
    this.shot = this.film.seen;
    const blob = await new Promise((done) => this.composed().toBlob(done));
    if (blob) this.model.send({ snapshot: true }, undefined, [await blob.arrayBuffer()]);
  }

  savePng() { this.composed().toBlob((blob) => save(blob, `${this.title.textContent || "run"}.png`)); }

  async saveFilm() {
    const screen = this.composed(), pen = screen.getContext("2d"), chunks = [], theme = this.theme();
    const recorder = new MediaRecorder(screen.captureStream(), { videoBitsPerSecond: 8e6 });
    recorder.ondataavailable = (event) => chunks.push(event.data);
    recorder.onstop = () => save(new Blob(chunks, { type: recorder.mimeType }), `${this.title.textContent || "run"}.webm`);
    recorder.start();
    for (const moment of this.film.moments) {
      moment.forEach((picture, i) => drawPicture(this.pictures[i].canvas, picture, theme));
      pen.drawImage(this.composed(), 0, 0);
      await new Promise((done) => setTimeout(done, 66));
    }
    recorder.stop();
    this.paint();
  }
}

// ------------------------------------------------------------------------------------- the page

// The part of the page that scrolls the notebook; the room of a panel is what is seen of it.
function scroller(el) {
  for (let at = el.parentElement; at && at !== document.body; at = at.parentElement)
    if (/auto|scroll/.test(getComputedStyle(at).overflowY) && at.clientHeight > 200 && !at.closest(".jp-OutputArea")) return at;
  return null;
}

// The height that there is for a panel. A page scrolls; on a slide, what stands above it has its own.
function roomOf(root) {
  const around = scroller(root.parentElement), height = around?.clientHeight ?? window.innerHeight;
  if (!root.closest(".jp-Deck, .reveal")) return height;
  const top = around ? around.getBoundingClientRect().top - around.scrollTop : 0;
  return height - (root.getBoundingClientRect().top - top);
}

// On a slide, what one touches does not become the active cell: Shift-Enter goes on, and does not begin it anew.
function keepOnSlide(event) { if (event.currentTarget.closest(".jp-Deck")) event.stopPropagation(); }

// Ink and paper of the page, and with them the palette for light or for dark paper.
function themeOf(el) {
  const style = getComputedStyle(el), face = style.backgroundColor;
  const [r, g, b] = face.match(/[\d.]+/g).map(Number);
  const dark = 0.299 * r + 0.587 * g + 0.114 * b < 128;
  return { ...LOOK[dark ? "dark" : "light"], ink: style.color, face, family: style.fontFamily };
}

function modified(event) { return event.ctrlKey || event.metaKey || event.altKey || event.shiftKey; }

function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function make(tag, properties = {}, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
