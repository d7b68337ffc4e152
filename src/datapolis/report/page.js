// Each chart stands on the page as a picture. When it comes into view it is drawn again from its
// numbers, so that pointing at it tells them; where JavaScript is off, the picture stays.
const charts = JSON.parse(document.getElementById("charts").textContent);

async function draw(place) {
  const spec = { ...charts.specs[place.dataset.spec] };
  spec.datasets = Object.fromEntries(
    Object.keys(charts.data).filter((name) => spec.uses.includes(name))
      .map((name) => [name, charts.data[name]]),
  );
  delete spec.uses;
  const fresh = document.createElement("div");
  const options = { actions: false, renderer: "svg", ast: false, mode: "vega-lite" };
  await vegaEmbed(fresh, spec, options);
  const picture = fresh.querySelector("svg");
  picture.removeAttribute("style");
  place.replaceChildren(fresh);
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    draw(entry.target).catch(() => {});  // the picture stays
  }
}, { rootMargin: "200px" });
document.querySelectorAll("[data-spec]").forEach((place) => watcher.observe(place));

// Everything folded is opened for paper.
addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((part) => { part.open = true; });
});
