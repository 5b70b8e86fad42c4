// Sliders and drop-down lists for the settings of a run, in groups. Many groups of the same settings
// are the columns of a table.

class Controls {
  constructor(controls, changed) {
    this.changed = changed;  // (place, value) → void
    this.entries = controls.map((control, place) => this.entry(control, place));
    const groups = [...Map.groupBy(this.entries, ({ control }) => control.group)];
    this.root = make("div", { className: "lecturekit-sliders" }, groups.map(([name, entries]) =>
      make("fieldset", {}, [...(name ? [make("legend", { textContent: name })] : []), ...entries.map(({ label }) => label)])));
    const [labels, ...others] = groups.map(([, entries]) => entries.map(({ control }) => control.label));
    if (others.length > 1 && others.every((each) => String(each) === String(labels))) this.tabulate(labels);
  }

  tabulate(labels) {
    this.root.classList.add("lecturekit-table");
    this.root.style.gridTemplateRows = `repeat(${labels.length + 1}, auto)`;
    this.root.prepend(...["", ...labels].map((textContent) => make("span", { textContent })));
  }

  entry(control, place) {
    const number = make("output"), input = control.options ? dropDown(control) : slider(control);
    input.addEventListener("input", () => {
      const value = control.options ? input.value : valueAt(control, input.value);
      this.show(place, value, true);
      this.changed(place, value);
    });
    const label = make("label", {}, [make("span", { textContent: control.label }), input, number]);
    return { control, input, number, label, held: 0 };
  }

  // A slider goes to where code has put the setting, but is not torn out of a hand.
  show(place, value, byHand = false) {
    const entry = this.entries[place], { input, number, control } = entry;
    if (byHand) entry.held = Date.now();
    else if (Date.now() - entry.held < 500) return;
    if (!control.options) input.ariaValueText = number.textContent = readable(value, control);
    if (!byHand && value !== entry.at) input.value = control.options ? value : placeOf(control, value);
    entry.at = value;
  }
}

const STEPS = 400;  // places of a logarithmic slider

function slider({ label, low, high, log, step }) {
  return make("input", { type: "range", ariaLabel: label, ...(log ? { min: 0, max: STEPS, step: 1 } : { min: low, max: high, step }) });
}

function dropDown({ label, options }) {
  return make("select", { ariaLabel: label }, options.map((value) => make("option", { value, textContent: value.replaceAll("_", " ") })));
}

function valueAt({ low, high, log, whole }, place) {
  const value = log ? Number((low * (high / low) ** (place / STEPS)).toPrecision(3)) : Number(place);
  return whole ? Math.round(value) : value;
}

function placeOf({ low, high, log }, value) {
  return log ? (value > 0 ? (STEPS * Math.log(value / low)) / Math.log(high / low) : 0) : value;
}

function readable(value, { whole }) {
  if (typeof value !== "number") return String(value);
  return whole ? value.toLocaleString("en") : String(Number(value.toPrecision(3)));
}
