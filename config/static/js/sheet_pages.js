// Photos of a paper sheet: made small on the device (photos.js), sent one by one, never kept on the device.
(function () {
  "use strict";
  const root = document.querySelector("[data-sheet-pages]");
  if (!root) return;
  const gedang = window.gedang;
  const add = root.querySelector(".photo-add");
  const input = root.querySelector("[data-page-input]");
  const errors = root.querySelector("[data-page-error]");
  const template = document.getElementById("sheet-page");
  const hand = document.querySelector("[data-sheet-seal]");
  const room = Number(root.dataset.room);
  let busy = 0;

  function show() {
    const count = root.querySelectorAll(".photo").length;
    root.querySelector("[data-page-count]").textContent = String(count);
    add.hidden = count >= room;
    root.setAttribute("aria-busy", String(busy > 0));
  }

  function say(text) {
    errors.textContent = text || "";
  }

  function post(url, body, type) {
    const headers = { Accept: "application/json", "X-CSRFToken": document.body.dataset.csrf };
    if (type) headers["Content-Type"] = type;
    const abort = new AbortController();
    const timer = window.setTimeout(() => abort.abort(), 60000);
    busy += 1;
    show();
    return fetch(url, { method: "POST", credentials: "same-origin", headers: headers, body: body, signal: abort.signal })
      .then(answered, () => Promise.reject(new Error(gedang.word("offline"))))
      .then(
        (found) => {
          done(timer);
          return found;
        },
        (error) => {
          done(timer);
          throw error;
        }
      );
  }

  function done(timer) {
    window.clearTimeout(timer);
    busy -= 1;
  }

  function answered(response) {
    if (response.status === 410 || response.status === 404) window.location.reload();
    const known = { 401: "expired", 403: "stale" }[response.status];
    if (known) throw new Error(gedang.word(known));
    if (response.status >= 500) throw new Error(gedang.word("broken"));
    return response.json().then((body) => {
      if (!response.ok) throw new Error(body.text);
      return body;
    });
  }

  function send(file) {
    if (root.querySelectorAll(".photo").length >= room) return null;
    return gedang.shrink(file).then(
      (blob) => post(root.dataset.url, blob, blob.type).then(place),
      () => Promise.reject(new Error(gedang.word("photoBad")))
    );
  }

  function place(page) {
    const box = template.content.firstElementChild.cloneNode(true);
    box.dataset.drop = page.drop;
    box.querySelector("a").href = page.url;
    box.querySelector("img").src = page.url;
    add.parentNode.insertBefore(box, add);
    show();
  }

  input.addEventListener("change", () => {
    const files = Array.prototype.slice.call(input.files);
    input.value = "";
    say("");
    files
      .reduce((before, file) => before.then(() => send(file)), Promise.resolve())
      .catch((error) => say(error.message))
      .then(show);
  });

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-page-drop]");
    if (!button) return;
    const box = button.closest(".photo");
    say("");
    button.disabled = true;
    post(box.dataset.drop)
      .then(() => box.remove())
      .catch((error) => {
        button.disabled = false;
        say(error.message);
      })
      .then(show);
  });

  hand.addEventListener("click", (event) => {
    if (busy) event.preventDefault();
  });
  window.addEventListener("beforeunload", (event) => {
    if (!busy) return;
    event.preventDefault();
    event.returnValue = "";
  });
  show();
})();
