// Typing from paper: the chosen photo of the sheet large beside the fields, closer at a click.
(function () {
  "use strict";

  function show(pane, image) {
    const view = pane.querySelector("[data-sheet-view]");
    const large = view.querySelector("img");
    const hint = pane.querySelector("[data-sheet-hint]");
    view.hidden = !image;
    if (hint) hint.hidden = !image;
    if (!image) {
      large.removeAttribute("src");
      return;
    }
    // The small picture is drawn once and its address given back; the large one keeps its own copy.
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    canvas.getContext("2d").drawImage(image, 0, 0);
    canvas.toBlob((blob) => {
      if (large.src) URL.revokeObjectURL(large.src);
      large.src = URL.createObjectURL(blob);
    }, "image/jpeg", 0.9);
  }

  function latest(pane) {
    const images = pane.querySelectorAll(".photo img");
    return images[images.length - 1] || null;
  }

  function watch(pane) {
    const photos = pane.querySelector("[data-photos]");
    new MutationObserver(() => {
      const image = latest(pane);
      if (!image) show(pane, null);
      else if (image.complete && image.naturalWidth) show(pane, image);
      else image.addEventListener("load", () => show(pane, image), { once: true });
    }).observe(photos, { childList: true });
  }

  function begin(root) {
    root.querySelectorAll("[data-sheet-pane]").forEach((pane) => {
      if (pane.dataset.watched) return;
      pane.dataset.watched = "1";
      watch(pane);
    });
  }

  const startForms = window.gedang.startForms;
  window.gedang.startForms = function (root) {
    startForms(root);
    begin(root);
  };
  document.addEventListener("DOMContentLoaded", () => begin(document));
  document.addEventListener("click", (event) => {
    const pane = event.target.closest("[data-sheet-pane]");
    if (!pane) return;
    const view = event.target.closest("[data-sheet-view]");
    if (view) {
      const box = view.getBoundingClientRect();
      const [x, y] = [(event.clientX - box.left + view.scrollLeft) / view.scrollWidth, (event.clientY - box.top + view.scrollTop) / view.scrollHeight];
      view.classList.toggle("is-close");
      view.scrollLeft = x * view.scrollWidth - view.clientWidth / 2;
      view.scrollTop = y * view.scrollHeight - view.clientHeight / 2;
    } else if (event.target.matches(".photo img")) show(pane, event.target);
  });
})();
