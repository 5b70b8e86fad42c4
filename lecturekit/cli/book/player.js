// A recorded run in a page without a kernel: unpacks its film, and answers the panel as a kernel does.
//
// It stands behind the panel's module (live/panel.js), which draws as it does in JupyterLab. A film
// is made by live/film.py.

const PER_SECOND = 8;  // moments, while it plays
const MIDDLE = 1 << 15, MISSING = 0, NEIGHBOUR = -2;  // as in live/film.py

// Opens the film (base64) in a part of the page.
export async function openFilm(text, el) {
  return new Panel(new Projector(await unpacked(text)), el).open();
}

// What the panel takes for anywidget's model, with a kernel behind it.
class Projector {
  constructor(film) {
    Object.assign(this, { film, take: film.first, status: "paused", frame: 0, listeners: {} });
    const { at, moments } = this.taken();
    this.place = (at + moments.length) % moments.length;
    this.controls = film.setting ? [{ group: "", label: film.setting, options: film.takes.map(({ position }) => position) }] : [];
    this.pictures = this.drawn();
  }

  get(name) { return this[name]; }
  on(event, callback) { (this.listeners[event] ??= new Set()).add(callback); }
  off(event, callback) { this.listeners[event]?.delete(callback); }
  tell(event, ...what) { this.listeners[event]?.forEach((callback) => callback(...what)); }

  taken() { return this.film.takes[this.take]; }
  last() { return this.taken().moments.length - 1; }

  get state() {
    const moment = this.taken().moments[this.place], { strings } = this.film;
    return {
      name: this.film.name, transport: true, status: this.status, words: moment.words,
      update: this.place, total: this.last(), moments: this.last() + 1, can: ["play", "step", "reset"], resettable: true, brushes: {},
      values: this.controls.map(() => this.taken().position),
      alts: this.status === "playing" ? [] : moment.views.map(([, , alt]) => strings[alt]), error: null,
    };
  }

  send({ order, set, value, seek }) {
    if (order === "play") return this.play();
    if (order === "pause") return this.hold();
    if (order === "step") return this.hold(Math.min(this.place + 1, this.last()));
    if (order === "reset") return this.hold(0);
    if (order === "defaults") this.take = this.film.first;
    else if (set !== undefined) this.take = this.film.takes.findIndex(({ position }) => position === value);
    else if (seek !== undefined) return this.hold(seek);
    else return;  // what it says of being seen
    this.place = Math.min(this.place, this.last());
    this.show();
  }

  play() {
    this.hold(this.place < this.last() ? this.place : 0, "playing");
    this.timer = setInterval(() => {
      this.place += 1;
      if (this.place < this.last()) this.show();
      else this.hold(this.last());
    }, 1000 / PER_SECOND);
  }

  hold(place = this.place, status = "paused") {
    clearInterval(this.timer);
    Object.assign(this, { place, status });
    this.show();
  }

  show() {
    this.pictures = this.drawn();
    this.pictures.forEach(({ data, ...message }, view) => this.tell("msg:custom", { ...message, view }, [data]));
    this.tell("change:state");
  }

  // The pictures of the present moment, as plots/encode.py has made them.
  drawn() {
    this.frame += 1;
    return this.taken().moments[this.place].views.map(([what, how, , arrays]) => ({ frame: this.frame, ...this.encoded(what, how, arrays) }));
  }

  encoded(what, how, arrays) {
    const { strings } = this.film, parts = [], places = [];
    let length = 0;
    for (const [mark, name, pieces] of arrays) {
      const values = joined(pieces.map(([place, count]) => this.film.array(place).subarray(0, count)));
      places.push([mark, name, values.BYTES_PER_ELEMENT === 1 ? "u1" : "f4", length, values.length]);
      parts.push([length, values]);
      length += Math.ceil(values.byteLength / 4) * 4;
    }
    const bytes = new Uint8Array(length);
    for (const [at, values] of parts) bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    return { what: strings[what], how: JSON.stringify({ ...JSON.parse(strings[how]), arrays: places }), data: new DataView(bytes.buffer) };
  }
}

function joined(pieces) {
  if (pieces.length === 1) return pieces[0];
  const all = new pieces[0].constructor(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) { all.set(piece, at); at += piece.length; }
  return all;
}

// ------------------------------------------------------------------------------------- the film

async function unpacked(text) {
  const deflated = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(bytes.buffer).getUint32(0, true), body = bytes.subarray(4 + length);
  const film = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))), arrays = [], kept = [];
  film.array = (place) => (arrays[place] ??= numbers(film, place));
  film.kept = (place) => (kept[place] ??= undone(film, body, place));
  return film;
}

function numbers(film, place) {
  const kept = film.kept(place), [kind, , , , scale] = film.pool[place];
  if (kind === "f2") return Float32Array.from(kept, short);
  return kind === "u2" ? points(kept, scale) : kept;
}

// Whole numbers may be kept as they differ from another array's, or each from the one before.
function undone(film, body, place) {
  const [kind, offset, length, difference] = film.pool[place], size = Number(kind[1]);
  const raw = body.subarray(offset, offset + size * length), whole = new Uint8Array(size * length);
  for (let k = 0; k < size; k++) for (let i = 0; i < length; i++) whole[size * i + k] = raw[k * length + i];
  const values = new { u1: Uint8Array, u2: Uint16Array, f2: Uint16Array, f4: Float32Array }[kind](whole.buffer);
  if (difference >= 0) film.kept(difference).forEach((value, i) => { values[i] += value; });
  if (difference === NEIGHBOUR) for (let i = 1; i < length; i++) values[i] += values[i - 1];
  return values;
}

// Places on the axes, all x before all y.
function points(places, [left, bottom, across, up]) {
  const n = places.length / 2, xy = new Float32Array(2 * n);
  const at = (place, origin, unit) => (place === MISSING ? NaN : origin + (place - MIDDLE) * unit);
  for (let i = 0; i < n; i++) [xy[2 * i], xy[2 * i + 1]] = [at(places[i], left, across), at(places[n + i], bottom, up)];
  return xy;
}

// The number that sixteen bits stand for (IEEE 754).
function short(bits) {
  const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}
