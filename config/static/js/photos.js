// Photos: made smaller on the device (at most 1600 px, JPEG), shown at once, handed to the draft and to the submit.
// <div data-photos="photos" data-limit="6"> holds one <label> with <input type="file" data-photo-input>.
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});
  const LONGEST = 1600;
  const QUALITY = 0.82;

  function load(url) {
    return new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = () => resolve(image);
      image.onerror = () => reject(new Error("not an image"));
      image.src = url;
    });
  }

  // Drawing applies the orientation the camera noted; everything else the file said (place, device) stays behind.
  gedang.shrink = function (file) {
    const url = URL.createObjectURL(file);
    return load(url).then(
      (image) => {
        const scale = Math.min(1, LONGEST / Math.max(image.naturalWidth, image.naturalHeight));
        const canvas = document.createElement("canvas");
        canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
        canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
        const paper = canvas.getContext("2d");
        paper.fillStyle = "#fff";
        paper.fillRect(0, 0, canvas.width, canvas.height);
        paper.drawImage(image, 0, 0, canvas.width, canvas.height);
        URL.revokeObjectURL(url);
        return new Promise((resolve, reject) =>
          canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("not an image"))), "image/jpeg", QUALITY)
        );
      },
      (error) => {
        URL.revokeObjectURL(url);
        throw error;
      }
    );
  };

  const kept = new WeakMap(); // container -> [{id, blob, takenAt}]

  function listOf(container) {
    if (!kept.has(container)) kept.set(container, []);
    return kept.get(container);
  }

  function room(container) {
    const full = listOf(container).length >= Number(container.dataset.limit || 6);
    container.querySelector(".photo-add").hidden = full;
    return !full;
  }

  // Show a photo that is already small: chosen just now, or taken out of the draft.
  gedang.showPhoto = function (container, photo) {
    const url = URL.createObjectURL(photo.blob);
    const box = document.createElement("div");
    box.className = "photo";
    const image = document.createElement("img");
    image.alt = "";
    image.src = url;
    image.onload = () => URL.revokeObjectURL(url);
    const size = document.createElement("span");
    size.className = "photo-size";
    size.textContent = Math.max(1, Math.round(photo.blob.size / 1024)) + " KB";
    const remove = document.createElement("button");
    remove.type = "button";
    remove.setAttribute("aria-label", gedang.word("photoRemove"));
    remove.appendChild(gedang.icon("x"));
    remove.addEventListener("click", () => {
      kept.set(container, listOf(container).filter((one) => one.id !== photo.id));
      box.remove();
      room(container);
      container.dispatchEvent(new CustomEvent("gedang:photo-removed", { bubbles: true, detail: { id: photo.id } }));
    });
    box.appendChild(image);
    box.appendChild(size);
    box.appendChild(remove);
    container.insertBefore(box, container.querySelector(".photo-add"));
    listOf(container).push(photo);
    room(container);
  };

  // Every photo of a form: [{name, id, blob, takenAt}]
  gedang.photosOf = function (form) {
    const found = [];
    form.querySelectorAll("[data-photos]").forEach((container) =>
      listOf(container).forEach((photo) => found.push(Object.assign({ name: container.dataset.photos }, photo)))
    );
    return found;
  };

  gedang.photoContainer = function (form, name) {
    return form.querySelector("[data-photos='" + name + "']");
  };

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-photo-input]")) return;
    const input = event.target;
    const container = input.closest("[data-photos]");
    const errors = container.parentNode.querySelector("[data-photo-error]");
    const files = Array.prototype.slice.call(input.files);
    if (errors) errors.textContent = "";
    input.value = "";
    container.setAttribute("aria-busy", "true");
    files
      .reduce(
        (before, file) =>
          before.then(() => {
            if (!room(container)) return null;
            return gedang.shrink(file).then(
              (blob) => {
                const photo = { id: gedang.uuid(), blob: blob, takenAt: new Date(file.lastModified).toISOString() };
                gedang.showPhoto(container, photo);
                const detail = Object.assign({ name: container.dataset.photos }, photo);
                container.dispatchEvent(new CustomEvent("gedang:photo-added", { bubbles: true, detail: detail }));
              },
              () => {
                if (errors) errors.textContent = gedang.word("photoBad");
              }
            );
          }),
        Promise.resolve()
      )
      .then(() => container.removeAttribute("aria-busy"));
  });
})();
