// A signature in a visit: drawn with finger, pen or mouse, typed, or photographed on paper. What is kept is one picture in a hidden
// field, so that the draft keeps it and a page that comes back still has it. Loaded after photos.js.
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});
  const PAPER = "#fff";
  const INK = "#111";

  function keptOf(part) {
    return part.closest("form").querySelector("[data-signature-kept]");
  }

  function keep(part, url) {
    const kept = keptOf(part);
    kept.value = url;
    kept.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function blank(canvas) {
    const paper = canvas.getContext("2d");
    paper.fillStyle = PAPER;
    paper.fillRect(0, 0, canvas.width, canvas.height);
    return paper;
  }

  function show(canvas, url) {
    const paper = blank(canvas);
    if (!url) return;
    const image = new Image();
    image.onload = () => {
      const scale = Math.min(canvas.width / image.naturalWidth, canvas.height / image.naturalHeight, 1);
      paper.drawImage(image, 0, 0, image.naturalWidth * scale, image.naturalHeight * scale);
    };
    image.src = url;
  }

  function at(canvas, event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  }

  function pad(canvas) {
    let last = null;
    canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      last = at(canvas, event);
      stroke(canvas, last, last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      const now = at(canvas, event);
      stroke(canvas, last, now);
      last = now;
    });
    const stop = () => {
      if (!last) return;
      last = null;
      keep(canvas, canvas.toDataURL("image/png"));
    };
    canvas.addEventListener("pointerup", stop);
    canvas.addEventListener("pointercancel", stop);
  }

  function stroke(canvas, from, to) {
    const paper = canvas.getContext("2d");
    paper.strokeStyle = INK;
    paper.lineWidth = 6;
    paper.lineCap = paper.lineJoin = "round";
    paper.beginPath();
    paper.moveTo(from[0], from[1]);
    paper.lineTo(to[0] + 0.1, to[1]);
    paper.stroke();
  }

  // Whoever cannot draw types the name: it is written in the box.
  function write(canvas, name) {
    const paper = blank(canvas);
    paper.fillStyle = INK;
    paper.textBaseline = "middle";
    paper.font = "italic 110px KaiTi, STKaiti, serif";
    paper.fillText(name, 40, canvas.height / 2, canvas.width - 80);
    keep(canvas, name ? canvas.toDataURL("image/png") : "");
  }

  // What was drawn is no picture of a paper, and the other way round: another way begins anew.
  let way = null;
  function begin(form) {
    const kept = form.querySelector("[data-signature-kept]");
    if (!kept) return;
    form.querySelectorAll("[data-signature-pad]").forEach((canvas) => {
      if (!canvas.dataset.ready) pad(canvas);
      canvas.dataset.ready = "1";
    });
    const chosen = form.querySelector("input[name=consent]:checked");
    way = chosen ? chosen.value : "";
    form.querySelectorAll("[data-signature-pad]").forEach((canvas) => show(canvas, way === "drawn" ? kept.value : ""));
    form.querySelectorAll("[data-signature-shown]").forEach((canvas) => {
      canvas.hidden = way !== "photo" || !kept.value;
      show(canvas, way === "photo" ? kept.value : "");
    });
  }

  document.addEventListener("change", (event) => {
    const form = event.target.closest && event.target.closest("form[data-visit]");
    if (!form) return;
    if (event.target.name === "consent" && event.target.value !== way) {
      const kept = form.querySelector("[data-signature-kept]");
      if (kept) kept.value = "";
      begin(form);
    }
    if (event.target.matches("[data-signature-photo]") && event.target.files.length) {
      const input = event.target;
      gedang.shrink(input.files[0]).then((blob) => {
        const reader = new FileReader();
        reader.onload = () => {
          keep(input, String(reader.result));
          begin(form);
        };
        reader.readAsDataURL(blob);
      });
    }
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches || !event.target.matches("[data-signature-typed]")) return;
    write(event.target.closest("[data-signature]").querySelector("[data-signature-pad]"), event.target.value);
  });
  document.addEventListener("click", (event) => {
    const clear = event.target.closest("[data-signature-clear]");
    if (!clear) return;
    const part = clear.closest("[data-signature]");
    part.querySelector("[data-signature-typed]").value = "";
    blank(part.querySelector("[data-signature-pad]"));
    keep(part, "");
  });
  const start = (root) => {
    const forms = root.matches && root.matches("form[data-visit]") ? [root] : root.querySelectorAll("form[data-visit]");
    forms.forEach(begin);
  };
  document.addEventListener("gedang:restored", (event) => start(event.target));
  document.addEventListener("DOMContentLoaded", () => start(document));
  document.addEventListener("htmx:load", (event) => start(event.target));
})();
