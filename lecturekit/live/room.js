// How pictures share a room.

const SPACE = 14, STRETCH = 1.35;  // pixels between pictures; how far a shape may be stretched

// Cuts a room of W × H for pictures of these shapes (width over height), in their order: a room is
// one picture's, or is cut beside or above each other into two. Returns [left, top, width, height].
function bestCut(shapes, W, H) {
  let best = { score: -Infinity };
  for (const cut of cuts(shapes, 0, shapes.length)) {
    const width = Math.min(W, H * cut.shape), sizes = [];
    measure(cut, width, sizes);
    const small = sizes.reduce((sum, size) => sum + 1 / size ** 2, 0);  // the smallest weighs most
    const score = -small * (1 + unlike(shapes, sizes));
    if (score > best.score) best = { score, cut };
  }
  const { cut } = best, boxes = [];
  const width = Math.min(W, H * cut.shape * STRETCH), height = Math.min(H, (W / cut.shape) * STRETCH, (width / cut.shape) * STRETCH);
  lay(cut, 0, 0, width, height, boxes);
  return { boxes, height };
}

// How unequal pictures of one shape are: they stand there to be compared.
function unlike(shapes, sizes) {
  let sum = 0;
  for (let i = 0; i < shapes.length; i++) for (let j = 0; j < i; j++)
    if (Math.abs(shapes[i] - shapes[j]) < 0.02) sum += Math.log(sizes[i] / sizes[j]) ** 2;
  return sum;
}

function cuts(shapes, from, to) {
  if (to - from === 1) return [{ leaf: from, shape: shapes[from] }];
  const found = [];
  for (let at = from + 1; at < to; at++)
    for (const a of cuts(shapes, from, at)) for (const b of cuts(shapes, at, to)) {
      found.push({ a, b, beside: true, shape: a.shape + b.shape });
      found.push({ a, b, beside: false, shape: 1 / (1 / a.shape + 1 / b.shape) });
    }
  return found;
}

function measure(cut, width, sizes) {
  if (cut.leaf !== undefined) { sizes[cut.leaf] = width * width / cut.shape; return; }
  measure(cut.a, cut.beside ? width * cut.a.shape / cut.shape : width, sizes);
  measure(cut.b, cut.beside ? width * cut.b.shape / cut.shape : width, sizes);
}

function lay(cut, left, top, width, height, boxes) {
  if (cut.leaf !== undefined) { boxes[cut.leaf] = [left, top, width, height]; return; }
  const share = cut.beside ? cut.a.shape / cut.shape : cut.shape / cut.a.shape;
  const room = (cut.beside ? width : height) - SPACE, first = room * share, rest = room - first;
  if (cut.beside) { lay(cut.a, left, top, first, height, boxes); lay(cut.b, left + first + SPACE, top, rest, height, boxes); }
  else { lay(cut.a, left, top, width, first, boxes); lay(cut.b, left, top + first + SPACE, width, rest, boxes); }
}
