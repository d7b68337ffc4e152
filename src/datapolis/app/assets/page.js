// A chart is a picture first; once it is in view and at rest it is drawn again from its numbers, so
// that pointing at it tells them. The library for that comes from this machine too.
let library = null;
const load = () => {
  library ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = "assets/vega.js";
    script.onload = done;
    script.onerror = fail;
    document.head.append(script);
  });
  return library;
};

customElements.define("data-chart", class extends HTMLElement {
  connectedCallback() {
    const spec = this.querySelector("script");
    if (!spec) return;
    this.watcher = new IntersectionObserver((entries) => {
      if (!entries.some((one) => one.isIntersecting)) return;
      this.watcher.disconnect();
      this.draw(JSON.parse(spec.textContent)).catch(() => {});
    });
    this.watcher.observe(this);
  }

  disconnectedCallback() { this.watcher?.disconnect(); }

  async draw(spec) {
    await load();
    const fresh = document.createElement("div");
    await vegaEmbed(fresh, spec, { actions: false, renderer: "svg", ast: true, mode: "vega-lite" });
    const picture = fresh.querySelector("svg");
    picture.removeAttribute("style");
    picture.setAttribute("aria-hidden", "true");
    if (this.isConnected) this.replaceChildren(fresh);
  }
});

// A page is found again as it was left.
document.querySelectorAll("nav a").forEach((link) => {
  try {
    const kept = sessionStorage.getItem(new URL(link.href).pathname);
    if (kept && link.getAttribute("aria-current") !== "page") link.href += kept;
  } catch { /* it works without */ }
});
