// A question and its answers. A click commits; what the run says comes from predictions/panel.py.

export default { render({ model, el }) {
  const { number, question, answers } = model.get("asked");
  const make = (tag, properties, children = []) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const root = make("div", { className: "lecturekit-prediction", tabIndex: -1, role: "group", ariaLabel: `prediction ${number}` });
  const buttons = answers.map((answer) =>
    make("button", { textContent: answer, onclick: () => model.send({ commit: answer }) }));
  const note = make("span", { role: "status" });
  const full = make("button", { className: "lecturekit-full", textContent: "Full screen", title: "the question alone, for the hall" });
  full.onclick = () => document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen();
  root.append(make("p", {}, [make("em", { textContent: "Predict: " }), make("strong", { textContent: question })]),
    make("div", { className: "lecturekit-answers" }, buttons), make("div", {}, [note, full]));
  // Keys that press a button are the button's, not the notebook's.
  root.addEventListener("keydown", (event) => { if ([" ", "Enter"].includes(event.key) && !event.shiftKey) event.stopPropagation(); });
  // On a slide, the cell does not become the active one: Shift-Enter goes on.
  for (const kind of ["mousedown", "focusin"]) root.addEventListener(kind, (event) => { if (root.closest(".jp-Deck")) event.stopPropagation(); });
  el.append(root);

  const show = () => {
    const { given, right } = model.get("said");
    if (given !== null && buttons.includes(document.activeElement)) root.focus();  // else keys would be nobody's
    answers.forEach((answer, i) => {
      buttons[i].disabled = given !== null || right.length > 0;
      buttons[i].ariaPressed = String(answer === given);
      buttons[i].dataset.right = String(right.includes(answer));
    });
    const yours = given === null ? "" : `Your prediction: ${given}. `;
    note.textContent = right.length ? `${yours}The run says: ${right.join(", or ")}.` : yours ? `${yours}Now run on.` : "A click commits you. Or just run on.";
  };
  model.on("change:said", show);
  show();
  return () => model.off("change:said", show);
} };
