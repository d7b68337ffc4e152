// What a page does besides its parts: the address that gives the view back, downloads, and whether
// the window is narrow.
export function render({ model }) {
  const narrow = matchMedia("(max-width: 640px)");
  const tell = () => model.send_msg({ id: "narrow", value: narrow.matches });
  narrow.addEventListener("change", tell);
  tell();
  model.on("msg:custom", (event) => {
    const said = event;
    if (said.address !== undefined) {
      history.replaceState(null, "", location.pathname + said.address);
      try { sessionStorage.setItem(location.pathname, said.address); } catch { /* it works without */ }
    }
    if (said.name) {
      const bytes = Uint8Array.from(atob(said.content), (one) => one.charCodeAt(0));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([bytes], { type: said.kind }));
      link.download = said.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    }
    if (said.copy) navigator.clipboard?.writeText(location.href).catch(() => {});
  });
  return document.createElement("span");
}
