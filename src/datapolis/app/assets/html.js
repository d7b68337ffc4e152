// A part of the page that the server writes.
export function render({ model, el }) {
  const box = document.createElement("div");
  box.className = model.look;
  if (model.live) {
    box.setAttribute("role", "status");
    box.setAttribute("aria-live", "polite");
  }
  const fill = () => { box.innerHTML = model.html; };
  fill();
  model.on("html", fill);
  el.append(box);
}
