// A file is read in pieces and sent to this machine's own server; it goes nowhere else.
const PIECE = 1 << 20;

export function render({ model, el }) {
  const box = document.createElement("div");
  box.className = "dropzone";
  box.innerHTML = `<label for="file"></label>
    <p class="help" id="limits"></p>
    <input type="file" id="file" aria-describedby="limits">
    <p class="said" role="status"></p>`;
  const [label, limits, input, said] = ["label", "#limits", "input", ".said"].map((one) => box.querySelector(one));
  label.textContent = model.label;
  limits.textContent = model.limits;
  input.accept = ".csv,.tsv,.parquet";

  async function send(file) {
    if (!file) return;
    if (file.size > model.most) {
      said.textContent = `${file.name} is too large: ${(file.size / 1e6).toFixed(0)} MB.`;
      model.send_msg({ refused: file.size });
      return;
    }
    said.textContent = `Reading ${file.name} …`;
    const many = Math.max(Math.ceil(file.size / PIECE), 1);
    const turn = Math.random().toString(36).slice(2);
    for (let place = 0; place < many; place += 1) {
      const bytes = new Uint8Array(await file.slice(place * PIECE, (place + 1) * PIECE).arrayBuffer());
      let text = "";
      for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
      model.send_msg({ name: file.name, turn, place, many, data: btoa(text) });
      await new Promise((done) => setTimeout(done, 5));
    }
    said.textContent = "";
  }

  input.addEventListener("change", () => send(input.files[0]));
  box.addEventListener("dragover", (event) => { event.preventDefault(); box.classList.add("over"); });
  box.addEventListener("dragleave", () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    box.classList.remove("over");
    send(event.dataTransfer.files[0]);
  });
  el.append(box);
}
