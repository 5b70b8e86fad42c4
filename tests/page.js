// A page's half without a page: a canvas that notes what is drawn on it.
//
// `drawings` holds what every canvas but the scratch one got: filled and stroked paths, rectangles,
// text and images, each with the colours and the font at that moment.

const drawings = [];

class ImageData {
  constructor(width, height) {
    Object.assign(this, { width, height, data: new Uint8ClampedArray(4 * width * height) });
  }
}

class Pen {
  constructor(canvas) {
    this.canvas = canvas;
    this.kept = [];
    this.path = [];
    this.look = {
      font: "10px sans", fillStyle: "", strokeStyle: "", globalAlpha: 1, lineWidth: 1, dash: [],
      imageSmoothingEnabled: true, textAlign: "left", lineJoin: "miter",
    };
    for (const name of Object.keys(this.look))
      Object.defineProperty(this, name, { get: () => this.look[name], set: (v) => { this.look[name] = v; } });
  }
  note(kind, rest) { drawings.push({ kind, ...this.look, ...rest }); }
  save() { this.kept.push({ ...this.look }); }
  restore() { this.look = this.kept.pop(); }
  setLineDash(dash) { this.look.dash = dash; }
  beginPath() { this.path = []; }
  moveTo(x, y) { this.path.push(["M", x, y]); }
  lineTo(x, y) { this.path.push([this.path.length ? "L" : "M", x, y]); }
  closePath() { this.path.push(["Z"]); }
  arc(x, y, r) { this.path.push(["O", x, y, r]); }
  rect(x, y, w, h) { this.path.push(["R", x, y, w, h]); }
  clip() { this.note("clip", { path: this.path }); }
  stroke() { this.note("stroke", { path: this.path }); }
  fill() { this.note("fill", { path: this.path }); }
  fillRect(x, y, w, h) { this.note("fill", { path: [["R", x, y, w, h]] }); }
  fillText(text, x, y) { this.note("text", { text, x, y }); }
  measureText(text) { return { width: 0.55 * parseFloat(this.look.font.match(/[\d.]+(?=px)/)[0]) * text.length }; }
  putImageData(image) { this.canvas.image = image; }
  drawImage(source, ...numbers) {
    const { width, height, data } = source.image;
    this.note("image", { numbers, size: [width, height], pixels: [...data] });
  }
  clearRect() {} setTransform() {} translate() {} rotate() {} scale() {}
}

function canvasOf(clientWidth, clientHeight) {
  const canvas = { clientWidth, clientHeight, width: clientWidth, height: clientHeight };
  const pen = new Pen(canvas);
  canvas.getContext = () => pen;
  return canvas;
}

globalThis.window = { devicePixelRatio: 1 };
globalThis.ImageData = ImageData;
globalThis.document = { createElement: () => canvasOf(0, 0) };
const THEME = { palette: ["c0", "c1", "c2", "c3", "c4", "c5"], ink: "ink", soft: "soft", faint: "faint", face: "face", family: "sans", size: 14 };

// A picture as it arrives: {what, how, data}, the bytes as numbers.
function arrived({ what, how, data }) {
  const picture = { what: JSON.parse(what), how: JSON.parse(how), arrays: {} }, bytes = Uint8Array.from(data).buffer;
  for (const [mark, name, type, offset, length] of picture.how.arrays)
    (picture.arrays[mark] ??= {})[name] = new (type === "u1" ? Uint8Array : Float32Array)(bytes, offset, length);
  return picture;
}

function drawn(encoded, width = 600, height = 400) {
  drawings.length = 0;
  drawPicture(canvasOf(width, height), arrived(encoded), THEME);
  return [...drawings];
}
