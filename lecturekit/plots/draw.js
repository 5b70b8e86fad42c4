// Draws a picture on a canvas: marks on axes, or images in a grid. No state: picture in, pixels out.
//
// A picture is {what, how, arrays}, made by plots/encode.py; LOOK is the table of plots/look.py,
// which stands in front of this file when Python hands it to the page. `theme` has the page's own
// colours, and the size of the type, from which all other lengths follow. They are page pixels.

const RAMPS = { sequential: ramp(LOOK.sequential), diverging: ramp(LOOK.diverging), grey: greys() };
const scratch = document.createElement("canvas");

// Returns where in the picture a place of the canvas is: in the units of the axes, or as shares of
// the first image's width and height.
export function drawPicture(canvas, picture, theme) {
  const ratio = window.devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
  const [across, down] = [Math.round(w * ratio), Math.round(h * ratio)];
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, w, h);
  const size = Math.max(10, Math.min(theme.size, Math.sqrt(w * h) / 17));
  const ui = { ...theme, size, pen, ratio, font: (scale = 1, style = "") => `${style} ${size * scale}px ${theme.family}` };
  const top = title(ui, picture.what.title, w);
  return (picture.what.columns ? images : plot)(ui, picture, top, w, h);
}

// Width over height that a picture would like to have.
export function preferredShape({ what, how }) {
  if (what.columns) {
    const [, height, width] = what.size, under = what.captions.length && !what.beside ? 0.25 : 0;
    return Math.min(Math.max((what.columns * width * (what.beside ? 1.15 : 1)) / (what.rows * height * (1 + under)) * 0.92, 0.5), 8);
  }
  if (!what.equal) return what.shape;
  const square = Math.abs((how.x[1] - how.x[0]) / (how.y[1] - how.y[0]));
  if (what.bare) return square / 1.2;
  const bar = what.marks.some((m) => m.kind === "Field");
  return (square + (bar ? 0.45 : 0.2)) / 1.4;  // beside the square names and numbers, above it a title
}

// ------------------------------------------------------------------------------------------ plots

function plot(ui, { what, how, arrays }, top, w, h) {
  const { pen, size } = ui;
  const marks = what.marks.map((mark, i) => ({ ...mark, ...arrays[i] }));
  const f = frame(ui, what, how, marks, top, w, h);
  const x = scale(how.x, f.l, f.l + f.w), y = scale(how.y, f.t + f.h, f.t);
  const inColours = marks.some((m) => m.kind === "Field");
  if (!what.bare && !inColours) gridLines(ui, what, x, y, f);
  pen.save();
  pen.beginPath();
  if (!what.bare) pen.rect(f.l - 1, f.t - 1, f.w + 2, f.h + 2);
  else pen.rect(0, top, w, h - top);
  pen.clip();
  for (const m of marks) {
    pen.save();
    pen.globalAlpha = m.opacity ?? 1;
    pen.strokeStyle = pen.fillStyle = colour(ui, m.color);
    MARKS[m.kind](ui, m, x, y, f);
    pen.restore();
  }
  pen.restore();
  if (!what.bare) axes(ui, what, x, y, f);
  for (const [i, ends] of Object.entries(how.bars)) colourBar(ui, marks[i], ends, f);
  legend(ui, marks, f.l, f.legend, w - 4, true);
  return (across, down) => [x.back(across), y.back(down)];
}

// Where the axes lie: inside of title, legend, numbers and names, and of the colour bar.
function frame(ui, what, how, marks, top, w, h) {
  const { pen, size } = ui, em = size;
  if (what.bare) {
    const rows = legend(ui, marks, 4, top, w - 4, false), t = rows ? top + rows * 1.35 * em + 0.4 * em : top;
    return inUnits(what, how, { l: 4, t, w: w - 8, h: h - t - 4, legend: top, shift: 0 });
  }
  pen.font = ui.font(0.92);
  const widest = Math.max(0, ...how.y[4].map((label) => pen.measureText(label).width));
  const l = Math.ceil((widest + (what.y.label.length ? 1.6 * em : 0) + 0.9 * em) / (em / 2)) * (em / 2);
  const barred = Object.entries(how.bars).find(([i]) => marks[i].unit[0][0]);
  const bar = barred ? 3.2 * em + Math.max(...barred[1].map((end) => pen.measureText(end).width)) : 0;
  const under = 1.5 * em + (what.x.label.length ? 1.3 * em : 0.2 * em);
  const legendAt = top, rows = legend(ui, marks, l, top, w - 4, false);
  const f = { l, t: top + rows * 1.35 * em + 0.4 * em, legend: legendAt, shift: 0, edge: w };
  f.w = w - l - bar - 0.9 * em;
  f.h = h - f.t - under;
  return inUnits(what, how, f);
}

// Where one unit is to be as long on both axes, they are as large as their place allows, and amid it.
function inUnits(what, how, f) {
  if (!what.equal) return f;
  const across = Math.abs(how.x[1] - how.x[0]), up = Math.abs(how.y[1] - how.y[0]);
  const unit = Math.min(f.w / across, f.h / up);
  f.shift = Math.max(0, (f.w - unit * across) / 2);
  f.l += f.shift;
  [f.w, f.h] = [unit * across, unit * up];
  return f;
}

function scale([low, high, log, ticks, labels], from, to) {
  const g = log ? Math.log10 : (v) => v, a = g(low), b = g(high);
  const at = (v) => from + ((g(v) - a) / (b - a || 1)) * (to - from);
  const back = (place) => { const v = a + ((place - from) / (to - from)) * (b - a); return log ? 10 ** v : v; };
  return Object.assign(at, { ticks, labels, log, g, back });
}

function gridLines(ui, what, x, y, f) {
  const { pen } = ui;
  pen.strokeStyle = ui.faint;
  pen.lineWidth = 0.8;
  if (!what.x.named) for (const v of x.ticks) stroke(pen, x(v), f.t, x(v), f.t + f.h);
  if (!what.y.named) for (const v of y.ticks) stroke(pen, f.l, y(v), f.l + f.w, y(v));
}

function axes(ui, what, x, y, f) {
  const { pen, size } = ui, below = f.t + f.h;
  pen.fillStyle = pen.strokeStyle = ui.ink;
  pen.lineWidth = 1;
  stroke(pen, f.l, f.t, f.l, below);
  stroke(pen, f.l, below, f.l + f.w, below);
  const fits = f.w / Math.max(1, x.ticks.length);
  let last = -Infinity;
  x.ticks.forEach((v, i) => {
    const label = x.labels[i];
    pen.font = ui.font(0.92);
    const wide = pen.measureText(label).width;
    if (what.x.named && wide > 0.95 * fits) return wrapped(ui, label, x(v), below + 1.15 * size, fits);
    const at = Math.min(x(v), f.edge - wide / 2);  // the last one is not cut by the picture's edge
    if (at - wide / 2 < last + 0.3 * size) return;
    last = at + wide / 2;
    pen.textAlign = "center";
    pen.fillText(label, at, below + 1.15 * size);
  });
  pen.textAlign = "right";
  pen.font = ui.font(0.92);
  y.ticks.forEach((v, i) => pen.fillText(y.labels[i], f.l - 0.4 * size, y(v) + 0.33 * size));
  pen.textAlign = "left";
  centred(ui, what.x.label, f.l + f.w / 2, below + 2.45 * size);
  pen.save();
  pen.translate(1.05 * size + f.shift, f.t + f.h / 2);
  pen.rotate(-Math.PI / 2);
  centred(ui, what.y.label, 0, 0);
  pen.restore();
}

// A name too long for its place: smaller, and on two lines.
function wrapped(ui, label, x, y, room) {
  const { pen, size } = ui, words = label.split(" "), half = Math.ceil(words.length / 2);
  const lines = words.length > 1 ? [words.slice(0, half).join(" "), words.slice(half).join(" ")] : [label];
  pen.textAlign = "center";
  pen.font = ui.font(0.92);
  const wide = Math.max(...lines.map((line) => pen.measureText(line).width));
  const scale = Math.max(0.6, Math.min(0.85, (0.92 * room) / wide));
  pen.font = ui.font(scale);
  lines.forEach((line, i) => pen.fillText(line, x, y - 0.25 * size + i * scale * size));
}

// Draws the legend in rows, or only counts them; it stands above the axes and never covers data.
function legend(ui, marks, left, top, right, show) {
  const { pen, size } = ui, items = marks.filter((m) => m.label);
  if (!items.length) return 0;
  const key = 1.7 * size, gap = 0.9 * size;
  const wide = items.map((m) => key + width(ui, m.label, 0.92) + gap);
  const squeeze = Math.min(1, Math.max(0.72, (1.9 * (right - left)) / wide.reduce((a, b) => a + b, 0)));
  let at = left, row = 0;
  items.forEach((m, i) => {
    if (at + squeeze * (wide[i] - gap) > right && at > left) [at, row] = [left, row + 1];
    if (show) {
      pen.save();
      pen.translate(at, top + (row + 0.75) * 1.35 * size);
      pen.scale(squeeze, squeeze);
      legendKey(ui, m, key - 0.5 * size, -0.32 * size);
      pen.fillStyle = ui.ink;
      write(ui, m.label, key, 0, 0.92);
      pen.restore();
    }
    at += squeeze * wide[i];
  });
  return row + 1;
}

function legendKey(ui, m, wide, y) {
  const { pen, size } = ui;
  pen.strokeStyle = pen.fillStyle = colour(ui, m.color);
  pen.lineWidth = m.kind === "Rule" ? 1.6 : LOOK.line;
  const marker = m.kind === "Points" ? m.shape : m.kind === "Line" ? markerOf(m) : "";
  if (m.kind === "Bars") return pen.fillRect(0.1 * size, y - 0.35 * size, 0.8 * size, 0.7 * size);
  if (m.kind === "Rule") pen.setLineDash(LOOK.dashes[m.dash % LOOK.dashes.length]);
  if (m.kind !== "Points") stroke(pen, 0, y, wide, y);
  pen.setLineDash([]);
  if (marker) {
    shape(pen, marker, wide / 2, y, Math.max(4, 0.28 * size));
    m.hollow ? pen.stroke() : pen.fill();
  }
}

function colourBar(ui, m, ends, f) {
  const { pen, size } = ui, l = f.l + f.w + 0.6 * size, wide = 0.9 * size, colours = m.signed ? RAMPS.diverging : RAMPS.sequential;
  if (!m.unit[0][0]) return;
  const image = new ImageData(1, 255);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < 255; i++) pixels[i] = colours[254 - i];
  pen.imageSmoothingEnabled = false;  // its neighbours in the scratch canvas are none of ours
  pen.drawImage(bitmap(image), 0, 0, 1, 255, l, f.t, wide, f.h);
  pen.fillStyle = ui.ink;
  pen.font = ui.font(0.92);
  pen.fillText(ends[1], l + wide + 0.3 * size, f.t + 0.75 * size);
  pen.fillText(ends[0], l + wide + 0.3 * size, f.t + f.h);
  pen.save();
  const between = width(ui, m.unit) < f.h - 3.5 * size;  // the two numbers leave it room
  const beyond = between ? 0 : Math.max(...ends.map((end) => pen.measureText(end).width));
  pen.translate(l + wide + 1.4 * size + beyond, f.t + f.h / 2);
  pen.rotate(-Math.PI / 2);
  centred(ui, m.unit, 0, 0);
  pen.restore();
}

// ------------------------------------------------------------------------------------------ marks

const MARKS = {
  Line(ui, m, x, y) {
    const { pen } = ui, n = m.x.length;
    if (m.band) {
      pen.save();
      pen.globalAlpha *= LOOK.band;
      pen.beginPath();
      for (let i = 0; i < n; i++) pen.lineTo(x(m.x[i]), y(m.y[i] + m.band[i]));
      for (let i = n - 1; i >= 0; i--) pen.lineTo(x(m.x[i]), y(m.y[i] - m.band[i]));
      pen.fill();
      pen.restore();
    }
    pen.lineWidth = LOOK.line * Math.max(1, ui.size / 14);
    pen.lineJoin = "round";
    pen.beginPath();
    let down = false;
    for (let i = 0; i < n; i++) {
      const at = y(m.y[i]);
      if (!Number.isFinite(at)) { down = false; continue; }
      if (down && m.step) pen.lineTo(x(m.x[i]), y(m.y[i - 1]));
      down ? pen.lineTo(x(m.x[i]), at) : pen.moveTo(x(m.x[i]), at);
      down = true;
    }
    pen.stroke();
    const marker = markerOf(m), r = Math.max(3.2, 0.27 * ui.size);
    if (marker) for (const i of marked(m, x)) { shape(pen, marker, x(m.x[i]), y(m.y[i]), r); pen.fill(); }
  },
  Points(ui, m, x, y) {
    const { pen } = ui, r = (m.size / 2) * Math.max(0.8, ui.size / 15);
    pen.lineWidth = m.hollow ? 1.1 : 0.4;
    if (m.rim && !m.hollow) pen.strokeStyle = "#fff";
    for (let i = 0; i < m.xy.length; i += 2) {
      shape(pen, m.shape, x(m.xy[i]), y(m.xy[i + 1]), r);
      if (!m.hollow) pen.fill();
      if (m.hollow || m.rim) pen.stroke();
    }
  },
  Arrows(ui, m, x, y) {
    const { pen } = ui, thick = m.width * Math.max(0.8, ui.size / 15), longest = 3 * thick + 3;
    pen.lineWidth = thick;
    for (let i = 0; i < m.xy.length; i += 2) {
      const [a, b] = [x(m.xy[i]), y(m.xy[i + 1])], [c, d] = [x(m.xy[i] + m.d[i]), y(m.xy[i + 1] + m.d[i + 1])];
      const length = Math.hypot(c - a, d - b);
      if (!(length > 0.5)) continue;
      const head = Math.min(longest, 0.6 * length), [u, v] = [(c - a) / length, (d - b) / length];
      stroke(pen, a, b, c - 0.7 * head * u, d - 0.7 * head * v);
      pen.beginPath();
      pen.moveTo(c, d);
      pen.lineTo(c - head * u - 0.5 * head * v, d - head * v + 0.5 * head * u);
      pen.lineTo(c - head * u + 0.5 * head * v, d - head * v - 0.5 * head * u);
      pen.fill();
    }
  },
  Paths(ui, m, x, y) {
    const { pen } = ui;
    pen.lineWidth = m.width;
    pen.beginPath();
    let down = false;
    for (let i = 0; i < m.xy.length; i += 2) {
      const [a, b] = [x(m.xy[i]), y(m.xy[i + 1])];
      if (!Number.isFinite(a + b)) { down = false; continue; }
      down ? pen.lineTo(a, b) : pen.moveTo(a, b);
      down = true;
    }
    pen.stroke();
  },
  Field(ui, m, x, y) {
    const [rows, columns] = m.shape, image = new ImageData(columns, rows), [l, r, b, t] = m.extent;
    const pixels = new Uint32Array(image.data.buffer), colours = m.signed ? RAMPS.diverging : RAMPS.sequential;
    const flip = y(b) > y(t);  // row 0 is at the bottom, unless the axis is upside down
    for (let row = 0; row < rows; row++) {
      const from = row * columns, to = (flip ? rows - 1 - row : row) * columns;
      for (let k = 0; k < columns; k++) pixels[to + k] = colours[m.levels[from + k]];
    }
    ui.pen.imageSmoothingEnabled = m.smooth;
    ui.pen.drawImage(bitmap(image), 0, 0, columns, rows, x(l), Math.min(y(t), y(b)), x(r) - x(l), Math.abs(y(b) - y(t)));
  },
  Bars(ui, m, x, y) {
    const { pen } = ui;
    for (let i = 0; i < m.x.length; i++) {
      const l = x(m.x[i] - m.width / 2), r = x(m.x[i] + m.width / 2);
      pen.fillRect(l, Math.min(y(m.y[i]), y(m.base)), r - l, Math.abs(y(m.base) - y(m.y[i])));
      if (!m.error) continue;
      const [at, above, below] = [x(m.x[i]), y(m.y[i] + m.error[i]), y(m.y[i] - m.error[i])];
      pen.strokeStyle = ui.ink;
      pen.lineWidth = 1.2;
      stroke(pen, at, below, at, above);
      for (const end of [above, below]) stroke(pen, at - 3, end, at + 3, end);
    }
  },
  Rule(ui, m, x, y, f) {
    const { pen } = ui;
    pen.setLineDash(LOOK.dashes[m.dash % LOOK.dashes.length].map((d) => d * Math.max(1, ui.size / 14)));
    pen.lineWidth = 1.6 * Math.max(1, ui.size / 14);
    if (m.axis === "y") stroke(pen, f.l, y(m.at), f.l + f.w, y(m.at));
    else stroke(pen, x(m.at), f.t, x(m.at), f.t + f.h);
    pen.setLineDash([]);
  },
  Words(ui, m, x, y, f) {
    const style = m.bold ? "bold" : "", family = m.mono ? "monospace" : undefined;
    const [l, t] = m.at ? [x(m.at[0]), y(m.at[1]) + 0.35 * ui.size] : [f.l + 0.6 * ui.size, f.t + 1.1 * ui.size];
    m.text.forEach((line, i) => {
      const wide = m.align === "left" ? 0 : width(ui, line, 0.92, style, family);
      write(ui, line, l - (m.align === "center" ? wide / 2 : wide), t + 1.25 * i * ui.size, 0.92, style, family);
    });
  },
};

function markerOf(m) {
  return m.marker ?? (typeof m.color === "number" ? shapeOf(m.color) : "");
}

// As in plots/look.py: where the colours begin again, it is another one.
function shapeOf(role) {
  const n = LOOK.shapes.length, place = role % n;
  return LOOK.shapes[Math.floor(role / n) % 2 ? (1 - place + n) % n : place];
}

// Which points bear the line's marker: as in plots/still.py, near places that go with the axis.
function marked(m, x) {
  const n = m.x.length, ticks = x.ticks.map(x.g), found = new Set();
  if (n < 2 || ticks.length < 2) return n ? [0] : [];
  const shift = (0.5 + (typeof m.color === "number" ? m.color : 0)) / LOOK.shapes.length;
  for (let k = 0, i = 0; k + 1 < ticks.length; k++) {
    const wanted = ticks[k] + shift * (ticks[k + 1] - ticks[k]);
    if (wanted < x.g(m.x[0]) || wanted > x.g(m.x[n - 1])) continue;
    while (i + 1 < n && x.g(m.x[i]) < wanted) i++;
    if (Number.isFinite(m.y[i])) found.add(i);
  }
  return found;
}

// ------------------------------------------------------------------------------------ image grids

function images(ui, { what, arrays }, top, w, h) {
  const { pen, size, ratio } = ui, [n, rows, columns] = what.size, gap = LOOK.gap;
  const beside = what.beside, under = what.captions.length && !beside ? 1.4 * size : 0;
  const margin = beside ? Math.max(...what.captions.map((c) => width(ui, c, 0.92))) + 0.6 * size : 0;
  const fit = Math.min(((w - margin - gap) / what.columns - gap) / columns, ((h - top - gap) / what.rows - gap - under) / rows);
  const zoom = fit * ratio >= 2 ? Math.floor(fit * ratio) / ratio : Math.max(fit, 0.1);
  const [cw, ch] = [zoom * columns + gap, zoom * rows + gap + under];
  const source = atlas(arrays[0].pixels, what, n, rows, columns);
  pen.fillStyle = LOOK.mount;
  pen.fillRect(margin, top, what.columns * cw + gap, what.rows * (ch - under) + gap + (what.rows - 1) * under);
  pen.imageSmoothingEnabled = zoom * ratio < 2;
  for (let i = 0; i < n; i++) {
    const l = margin + gap + (i % what.columns) * cw, t = top + gap + Math.floor(i / what.columns) * ch;
    pen.drawImage(source, 0, i * rows, columns, rows, l, t, zoom * columns, zoom * rows);
    if (!under) continue;
    pen.fillStyle = ui.face;
    pen.fillRect(l - gap, t + zoom * rows + gap, cw + gap, under - gap);
    pen.fillStyle = ui.ink;
    write(ui, what.captions[i], l + (zoom * columns - width(ui, what.captions[i], 0.85)) / 2, t + zoom * rows + 1.15 * size, 0.85);
  }
  pen.fillStyle = ui.ink;
  if (beside) what.captions.forEach((c, row) => write(ui, c, 0, top + gap + (row + 0.5) * ch + 0.3 * size, 0.92));
  return (across, down) => [(across - margin - gap) / (zoom * columns), (down - top - gap) / (zoom * rows)];
}

// All images under each other, in one bitmap.
function atlas(bytes, what, n, rows, columns) {
  const image = new ImageData(columns, n * rows), pixels = new Uint32Array(image.data.buffer);
  const colours = RAMPS[what.colours];
  if (colours) for (let i = 0; i < bytes.length; i++) pixels[i] = colours[bytes[i]];
  else for (let i = 0, k = 0; k < bytes.length; i++, k += 3) pixels[i] = opaque(bytes[k], bytes[k + 1], bytes[k + 2]);
  return bitmap(image);
}

// ------------------------------------------------------------------------------ words and colours

function title(ui, pieces, w) {
  const { pen, size } = ui, scale = Math.min(1.08, (1.08 * w) / Math.max(1, width(ui, pieces, 1.08, "bold")));
  pen.fillStyle = ui.ink;
  write(ui, pieces, 0, 1.15 * size, scale, "bold");
  return 1.65 * size;
}

// Pieces of text, indices and exponents set smaller, lower and higher.
function write(ui, pieces, x, y, scale = 1, style = "", family) {
  for (const [text, level] of pieces) {
    setFont(ui, level ? 0.72 * scale : scale, style, family);
    ui.pen.textAlign = "left";
    ui.pen.fillText(text, x, y - level * (level > 0 ? 0.42 : 0.24) * scale * ui.size);
    x += ui.pen.measureText(text).width;
  }
}

function width(ui, pieces, scale = 1, style = "", family) {
  return pieces.reduce((sum, [text, level]) => {
    setFont(ui, level ? 0.72 * scale : scale, style, family);
    return sum + ui.pen.measureText(text).width;
  }, 0);
}

function setFont(ui, scale, style, family) {
  ui.pen.font = family ? `${style} ${ui.size * scale}px ${family}` : ui.font(scale, style);
}

function centred(ui, pieces, x, y) {
  write(ui, pieces, x - width(ui, pieces) / 2, y);
}

function colour(ui, role) {
  if (typeof role === "number") return ui.palette[role % ui.palette.length];
  return { white: "#fff", black: "#000" }[role] ?? ui[role ?? "ink"];
}

function ramp(hex) {
  const colours = new Uint32Array(256);  // the last one stays transparent: not finite
  for (let i = 0; i < 255; i++) colours[i] = opaque(...[0, 2, 4].map((k) => parseInt(hex.substr(6 * i + k, 2), 16)));
  return colours;
}

function greys() { return Uint32Array.from({ length: 256 }, (_, v) => opaque(v, v, v)); }
function opaque(r, g, b) { return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0; }
function stroke(pen, a, b, c, d) { pen.beginPath(); pen.moveTo(a, b); pen.lineTo(c, d); pen.stroke(); }

function bitmap(image) {
  if (scratch.width < image.width || scratch.height < image.height) {
    scratch.width = Math.max(scratch.width, image.width);
    scratch.height = Math.max(scratch.height, image.height);
  }
  scratch.getContext("2d").putImageData(image, 0, 0);
  return scratch;
}

function shape(pen, kind, a, b, r) {
  pen.beginPath();
  if (kind === "o") return pen.arc(a, b, r, 0, 7);
  if (kind === "s") return pen.rect(a - 0.9 * r, b - 0.9 * r, 1.8 * r, 1.8 * r);
  if (kind === "+") {
    pen.rect(a - 1.2 * r, b - 0.4 * r, 2.4 * r, 0.8 * r);
    return pen.rect(a - 0.4 * r, b - 1.2 * r, 0.8 * r, 2.4 * r);
  }
  const corners = kind === "D" ? 4 : 3, turn = kind === "v" ? Math.PI / 2 : -Math.PI / 2;
  for (let i = 0; i < corners; i++) {
    const t = (i / corners) * 2 * Math.PI + turn;
    pen.lineTo(a + 1.25 * r * Math.cos(t), b + 1.25 * r * Math.sin(t));
  }
  pen.closePath();
}
