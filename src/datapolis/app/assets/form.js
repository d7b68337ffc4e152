// A form of groups of fields. Each change is sent as {id, value}; values, errors and which buttons
// can be pressed come back. Every input has a label; what a field is about stands in a note that
// opens when it is pointed at or reached by keyboard.
let counter = 0;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

function short(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "";
}

export function render({ model, el }) {
  const send = (id, value) => model.send_msg({ id, value });
  const fields = new Map();
  const root = make("form", { novalidate: true, class: "form", onsubmit: (e) => e.preventDefault() });

  function note(field, id) {
    if (!field.info) return null;
    const about = make("span", { role: "tooltip", id: `${id}-info`, class: "tip", text: field.info });
    const button = make("button", {
      type: "button", class: "info", "aria-label": `About ${field.label}`,
      "aria-describedby": `${id}-info`, text: "?",
      onkeydown: (event) => { if (event.key === "Escape") event.target.blur(); },
    });
    return make("span", { class: "note-of" }, button, about);
  }

  function head(field, id) {
    const label = make("label", { for: id, text: field.label });
    if (field.unit) label.append(" ", make("span", { class: "unit", text: field.unit }));
    if (field.required) label.append(" ", make("span", { class: "must", text: "needed" }));
    return make("div", { class: "head" }, label, note(field, id));
  }

  function described(field, id) {
    return [field.help ? `${id}-help` : null, `${id}-error`].filter(Boolean).join(" ");
  }

  function frame(field, id, ...inside) {
    const error = make("p", { class: "slip", id: `${id}-error`, hidden: true });
    const help = field.help ? make("p", { class: "help", id: `${id}-help`, text: field.help }) : null;
    const place = make("div", { class: `field ${field.kind}` }, ...inside, help, error);
    return { place, error };
  }

  const KINDS = {
    range(field, id) {
      const number = make("input", {
        id, type: "number", min: field.min, max: field.max, step: "any", inputmode: "decimal",
        "aria-describedby": described(field, id),
      });
      const range = make("input", {
        type: "range", min: field.min, max: field.max, step: field.step, "aria-label": field.label,
      });
      range.addEventListener("input", () => { number.value = short(Number(range.value)); });
      range.addEventListener("change", () => send(field.id, Number(range.value)));
      number.addEventListener("change", () => send(field.id, number.value));
      const made = frame(field, id, head(field, id), make("div", { class: "pair" }, range, number));
      made.fill = (value) => {
        range.value = value;
        if (root.getRootNode().activeElement !== number || made.error.hidden) number.value = short(Number(value));
        made.place.classList.toggle("changed", Number(value) !== field.default);
      };
      return made;
    },
    number(field, id) {
      const input = make("input", {
        id, type: "number", min: field.min, max: field.max, step: field.step ?? "any",
        placeholder: field.placeholder, "aria-describedby": described(field, id),
        onchange: (event) => send(field.id, event.target.value),
      });
      const made = frame(field, id, head(field, id), input);
      made.fill = (value) => { input.value = value ?? ""; };
      return made;
    },
    text(field, id) {
      const input = make("input", {
        id, type: "text", placeholder: field.placeholder, autocomplete: "off", spellcheck: "false",
        "aria-describedby": described(field, id), maxlength: 400,
        onchange: (event) => send(field.id, event.target.value),
      });
      const made = frame(field, id, head(field, id), input);
      made.fill = (value) => { input.value = value ?? ""; };
      return made;
    },
    select(field, id) {
      const input = make("select", {
        id, "aria-describedby": described(field, id),
        onchange: (event) => send(field.id, event.target.value),
      });
      for (const [value, label] of field.options) input.append(make("option", { value, text: label }));
      const made = frame(field, id, head(field, id), input);
      made.fill = (value) => {
        const text = String(value ?? "");
        if (![...input.options].some((one) => one.value === text)) {
          input.append(make("option", { value: text, text }));
        }
        input.value = text;
      };
      return made;
    },
    check(field, id) {
      const input = make("input", {
        id, type: "checkbox", "aria-describedby": described(field, id),
        onchange: (event) => send(field.id, event.target.checked),
      });
      const label = make("label", { for: id }, input, field.label);
      const made = frame(field, id, make("div", { class: "head" }, label, note(field, id)));
      made.fill = (value) => { input.checked = Boolean(value); };
      return made;
    },
    many(field, id) {
      const boxes = field.options.map(([value, label], place) => {
        const box = make("input", { type: "checkbox", value, id: `${id}-${place}`, onchange: told });
        return make("label", { for: `${id}-${place}` }, box, label);
      });
      function told() {
        const chosen = boxes.map((one) => one.firstChild).filter((one) => one.checked);
        send(field.id, chosen.map((one) => one.value));
      }
      const legend = make("legend", { text: field.label });
      if (field.required) legend.append(" ", make("span", { class: "must", text: "needed" }));
      const inside = make("fieldset", { id, "aria-describedby": described(field, id) }, legend,
        make("div", { class: "boxes" }, ...boxes));
      const made = frame(field, id, inside);
      made.fill = (value) => {
        for (const one of boxes) one.firstChild.checked = (value ?? []).includes(one.firstChild.value);
      };
      return made;
    },
    choice(field, id) {
      const inputs = field.options.map(([value, label], place) => {
        const input = make("input", {
          type: "radio", name: id, value, id: `${id}-${place}`, onchange: () => send(field.id, value),
        });
        return make("label", { for: `${id}-${place}` }, input, make("span", { text: label }));
      });
      const inside = make("fieldset", { id },
        make("legend", { text: field.label, class: field.quiet ? "unseen" : null }),
        make("div", { class: "choices" }, ...inputs));
      const made = frame(field, id, inside);
      made.fill = (value) => { for (const one of inputs) one.firstChild.checked = one.firstChild.value === value; };
      return made;
    },
    lever(field, id) {
      const kind = make("select", { id, "aria-describedby": described(field, id) });
      for (const [value, label] of field.options) kind.append(make("option", { value, text: label }));
      const level = make("input", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": `${field.label}: how far` });
      const read = make("output", { class: "read" });
      const from = make("input", { type: "number", min: 0, max: field.months, step: 1, "aria-label": `${field.label}: from month` });
      const to = make("input", { type: "number", min: 0, max: field.months, step: 1, "aria-label": `${field.label}: to month` });
      const line = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      line.setAttribute("viewBox", "0 0 200 30");
      line.setAttribute("aria-hidden", "true");
      line.setAttribute("preserveAspectRatio", "none");
      const span = make("div", { class: "span" }, make("span", { text: "month" }), from, make("span", { text: "to" }), to);
      const inside = make("div", { class: "lever-set" }, make("div", { class: "pair" }, level, read), span, line);
      const draw = () => {
        const far = Math.max(field.months, 1);
        const x = (month) => (200 * Math.min(Math.max(month, 0), far)) / far;
        const y = 27 - 24 * Number(level.value);
        const [a, b] = [x(Number(from.value)), x(Number(to.value))];
        const path = kind.value === "rises" ? `M0 27 L${a} 27 L${b} ${y} L200 ${y}`
          : kind.value === "between" ? `M0 27 L${a} 27 L${a} ${y} L${b} ${y} L${b} 27 L200 27`
            : `M0 ${y} L200 ${y}`;
        line.innerHTML = `<path class="ground" d="M0 27.5 H200"/><path class="area" d="${path} L200 27 L0 27 Z"/><path class="line" d="${path}"/>`;
        read.textContent = short(Number(level.value));
        inside.hidden = kind.value === "off";
        span.hidden = kind.value === "always";
      };
      const told = () => { draw(); send(field.id, { kind: kind.value, level: level.value, from: from.value, to: to.value }); };
      kind.addEventListener("change", told);
      level.addEventListener("input", draw);
      for (const one of [level, from, to]) one.addEventListener("change", told);
      const made = frame(field, id, make("div", { class: "lever-head" }, head(field, id), kind), inside);
      made.fill = (value) => {
        kind.value = value.kind; level.value = value.level; from.value = value.from; to.value = value.to;
        made.place.classList.toggle("changed", value.kind !== "off");
        draw();
      };
      return made;
    },
    button(field, id) {
      const button = make("button", {
        type: "button", id, class: field.look ?? "plain", text: field.label,
        onclick: () => send(field.id, true),
      });
      const made = frame(field, id, button);
      made.fill = (value) => { button.disabled = value === false; };
      return made;
    },
  };

  function held() {
    const active = root.getRootNode().activeElement;
    for (const [id, one] of fields) if (active && one.place.contains(active)) return id;
    return null;
  }

  function build() {
    const kept = held();
    fields.clear();
    const parts = model.groups.map((group) => {
      const made = group.fields.map((field) => {
        const id = `f${++counter}`;
        const one = KINDS[field.kind](field, id);
        one.words = `${field.label} ${field.info ?? ""} ${field.id} ${group.title ?? ""}`.toLowerCase();
        fields.set(field.id, one);
        return one;
      });
      const inside = make("div", { class: `fields ${group.look ?? ""}` }, ...made.map((one) => one.place));
      let part = inside;
      if (group.fold) {
        part = make("details", { open: group.open }, make("summary", { text: group.title }), inside);
      } else if (group.title) {
        part = make("section", { "aria-label": group.title }, make("h2", { text: group.title }),
          group.note ? make("p", { class: "help", text: group.note }) : null, inside);
      }
      return { part, made, group };
    });
    root.replaceChildren();
    for (const { part, group } of parts) {
      if (group.search) root.append(search(group.search, parts.filter((one) => one.group.sought)));
      root.append(part);
    }
    fill(); tell();
    if (kept && fields.has(kept)) fields.get(kept).place.querySelector("input, select, button")?.focus();
  }

  function search(label, parts) {
    const id = `f${++counter}`;
    const none = make("p", { class: "help", hidden: true, role: "status" });
    const before = new Map(parts.map(({ part }) => [part, part.open]));
    const input = make("input", {
      id, type: "search", autocomplete: "off",
      oninput: () => {
        const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
        let found = 0;
        for (const { part, made } of parts) {
          let here = 0;
          for (const one of made) {
            const fits = words.every((word) => one.words.includes(word));
            one.place.hidden = !fits;
            here += fits;
          }
          part.hidden = here === 0;
          part.open = words.length ? here > 0 : before.get(part);
          found += here;
        }
        none.hidden = !words.length;
        none.textContent = found ? `${found} found` : "nothing of that name";
      },
    });
    return make("div", { class: "field search" }, make("label", { for: id, text: label }), input, none);
  }

  function fill() {
    for (const [id, one] of fields) if (id in model.values) one.fill(model.values[id]);
  }

  function tell() {
    for (const [id, one] of fields) {
      const said = model.errors[id] ?? "";
      one.error.hidden = !said;
      one.error.textContent = said;
      const input = one.place.querySelector("input, select");
      if (input) input.setAttribute("aria-invalid", said ? "true" : "false");
    }
  }

  build();
  model.on("groups", build);
  model.on("values", fill);
  model.on("errors", tell);
  el.append(root);
}
