// A form that is never lost: saved as one types, restored on load, sent with one identity until the server has it.
//
// <form id="visit" method="post" data-draft="visit:<subject>:<base>" data-key-url="..."> with an <input data-uuid>,
// a [data-draft-state] (components/draft_state.html) and optional [data-draft-discard]. The server answers a submit with
// a redirect, or 2xx JSON {"url": ...}, once it has stored it; with 422 (or 200) and the page when something is wrong,
// with 409 and the page when the identity stands for something stored before.
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});
  const PAUSE = 400; // ms without typing before a save
  const RETRY = 20000; // ms between attempts while the network is away
  const PATIENCE = 60000; // ms until an attempt counts as lost
  const QUIET = ["none", "saving", "saved"];
  const started = new WeakMap();

  function time(instant) {
    const at = new Date(instant);
    return ("0" + at.getHours()).slice(-2) + ":" + ("0" + at.getMinutes()).slice(-2);
  }

  function start(form, photos) {
    const staff = document.body.dataset.staff || "";
    const path = window.location.pathname + window.location.search;
    const touched = new Set();
    let place = null; // where the draft lies; null while it cannot be kept
    let saving = Promise.resolve();
    let pause = 0;
    let retry = 0;
    let dirty = false;
    let waiting = false;
    let sending = false;
    let failed = false; // the last attempt was refused; said until something is typed
    let done = false;
    let submitter = null;

    function show(state, word, value) {
      form.querySelectorAll("[data-draft-state]").forEach((box) => {
        box.dataset.state = state;
        box.setAttribute("aria-live", QUIET.indexOf(state) >= 0 ? "off" : "polite"); // not a word at every pause of typing
        box.querySelector("[data-draft-text]").textContent = gedang.word(word, value);
        const button = box.querySelector("[data-draft-retry]");
        if (button) button.hidden = state !== "waiting";
      });
    }

    function trouble(error) {
      if (error && error.name === "QuotaExceededError") show("full", "draftFull");
      else show("page-only", "draftPageOnly");
    }

    function save() {
      window.clearTimeout(pause);
      if (done) return saving;
      if (!place) {
        if (!sending && !waiting) show("page-only", "draftPageOnly");
        return saving;
      }
      const fields = gedang.readFields(form);
      saving = saving
        .then(() => place.write(fields, path, waiting))
        .then((at) => {
          dirty = false;
          if (!waiting && !sending && !failed) show("saved", "draftSaved", time(at));
        })
        .catch(trouble);
      return saving;
    }

    function soon() {
      dirty = true;
      failed = false;
      window.clearTimeout(pause);
      pause = window.setTimeout(save, PAUSE);
      if (place && !waiting && !sending) show("saving", "draftSaving");
    }

    // --- Opening ----------------------------------------------------------------------------------------------------

    function restore(draft) {
      if (!draft) {
        show("none", "draftNone");
        return;
      }
      const fields = draft.fields.filter((field) => !touched.has(field.name)); // what is being typed now wins
      if (gedang.makeRows) gedang.makeRows(form, fields);
      gedang.writeFields(form, fields);
      draft.photos.forEach((photo) => {
        const container = gedang.photoContainer && gedang.photoContainer(form, photo.name);
        if (container) gedang.showPhoto(container, photo);
      });
      form.querySelectorAll("[data-draft-discard]").forEach((button) => (button.hidden = false));
      show("restored", "draftRestored", time(draft.savedAt));
      if (draft.waiting) send();
    }

    function open(isRetry) {
      if (!gedang.draftsPossible()) {
        show("page-only", "draftPageOnly");
        return Promise.resolve();
      }
      return gedang
        .openDraft(form.dataset.keyUrl, staff, form.dataset.draft)
        .then((opened) => {
          place = opened;
          const taken = gedang.photosOf ? gedang.photosOf(form) : [];
          taken.forEach((photo) => (saving = saving.then(() => place.addPhoto(photo)).catch(trouble)));
          if (isRetry || photos) return save(); // the page already holds what counts
          return place.read().then(restore, (error) => {
            if (error.name !== "OperationError") throw error;
            show("unreadable", "draftUnreadable");
            return place.clear();
          });
        })
        .catch(trouble);
    }

    // --- Sending ----------------------------------------------------------------------------------------------------

    function message(box) {
      const old = form.querySelector("[data-draft-message]");
      if (old) old.remove();
      if (!box) return;
      box.setAttribute("data-draft-message", "");
      const bar = form.querySelector(".action-bar");
      if (bar) bar.insertBefore(box, bar.firstChild);
      else form.appendChild(box);
    }

    function settle(state, word) {
      sending = false;
      form.removeAttribute("aria-busy");
      form.querySelectorAll("button[type=submit], button:not([type])").forEach((button) => (button.disabled = false));
      if (state) show(state, word);
    }

    function later() {
      waiting = true;
      settle("waiting", "draftWaiting");
      gedang.markUnsent(path, true);
      save();
      window.clearTimeout(retry);
      retry = window.setTimeout(send, RETRY);
    }

    function finish(url) {
      done = true;
      window.clearTimeout(pause);
      gedang.markUnsent(path, false);
      const cleared = place ? saving.then(() => place.clear()).catch(trouble) : Promise.resolve();
      return cleared.then(() => window.location.assign(url));
    }

    function stop(text, actions) {
      waiting = false;
      failed = true;
      gedang.markUnsent(path, false);
      settle("failed", "draftFailed");
      save();
      message(gedang.result("red", text, actions));
    }

    // The answer is the page again: take its form, errors and all; the photos stay those of this page.
    function redisplay(text) {
      const page = new DOMParser().parseFromString(text, "text/html");
      const answer = page.getElementById(form.id);
      if (!answer) return false;
      const fresh = document.importNode(answer, true);
      const kept = gedang.photosOf ? gedang.photosOf(form) : [];
      done = true; // this form's watchers end here
      waiting = false;
      gedang.markUnsent(path, false);
      form.parentNode.replaceChild(fresh, form);
      form.querySelectorAll("input[data-uuid]").forEach((input) => {
        const same = fresh.elements[input.name];
        if (same) same.value = input.value;
      });
      gedang.fillUuids(fresh);
      if (gedang.startForms) gedang.startForms(fresh);
      if (window.htmx) window.htmx.process(fresh);
      kept.forEach((photo) => {
        const container = gedang.photoContainer(fresh, photo.name);
        if (container) gedang.showPhoto(container, photo);
      });
      start(fresh, kept);
      const first = fresh.querySelector("[data-focus], .is-invalid");
      if (first) {
        first.scrollIntoView({ block: "center" });
        first.focus({ preventScroll: true });
      }
      return true;
    }

    function content() {
      const data = new FormData(form);
      if (submitter && submitter.name) data.append(submitter.name, submitter.value);
      (gedang.photosOf ? gedang.photosOf(form) : []).forEach((photo) => {
        data.append(photo.name, photo.blob, photo.id + ".jpg");
        data.append(photo.name + "_taken_at", photo.takenAt);
      });
      return data;
    }

    function post(token) {
      const given = new AbortController();
      const limit = window.setTimeout(() => given.abort(), PATIENCE);
      const data = content();
      if (token) data.set("csrfmiddlewaretoken", token);
      return window
        .fetch(form.action, {
          method: "POST",
          body: data,
          credentials: "same-origin",
          signal: given.signal,
          headers: { Accept: "application/json, text/html;q=0.9", "X-Draft": "1" },
        })
        .finally(() => window.clearTimeout(limit));
    }

    // A token from before the last sign-in is refused: take the present one from this page and try once more.
    function freshToken() {
      return window
        .fetch(path, { credentials: "same-origin", headers: { Accept: "text/html" } })
        .then((response) => response.text())
        .then((text) => new DOMParser().parseFromString(text, "text/html").body.dataset.csrf);
    }

    function isSignIn(url) {
      const signIn = document.body.dataset.signIn;
      return Boolean(signIn) && new URL(url, window.location.href).pathname === new URL(signIn, window.location.href).pathname;
    }

    function expired() {
      const next = encodeURIComponent(path);
      const action = { label: gedang.word("signIn"), href: (document.body.dataset.signIn || "/") + "?next=" + next };
      waiting = true; // sent by itself once the same person is back on this page
      gedang.markUnsent(path, true);
      settle("failed", "draftFailed");
      save();
      message(gedang.result("red", gedang.word("expired"), [action]));
    }

    function read(response, mayRenew) {
      if (response.status === 401 || (response.redirected && isSignIn(response.url))) return expired();
      if (response.status === 403 && mayRenew) {
        return freshToken()
          .then(post)
          .then((again) => read(again, false));
      }
      if (response.status >= 502 && response.status <= 504) return later();
      if (response.ok && response.redirected) return finish(response.url);
      const type = response.headers.get("Content-Type") || "";
      if (response.ok && type.indexOf("application/json") === 0) {
        return response.json().then((answer) => finish(answer.url));
      }
      const number = response.headers.get("X-Request-ID");
      return response.text().then((text) => {
        if ((response.ok || response.status === 409 || response.status === 422) && redisplay(text)) return;
        const word = { 403: "stale", 404: "gone", 413: "large", 429: "often" }[response.status] || "broken";
        stop(gedang.word(word) + (number ? " " + gedang.word("number") + " " + number : ""));
      });
    }

    function send() {
      if (sending || done) return;
      window.clearTimeout(retry);
      sending = true;
      failed = false;
      message(null);
      show("sending", "draftSending");
      form.setAttribute("aria-busy", "true");
      form.querySelectorAll("button[type=submit], button:not([type])").forEach((button) => (button.disabled = true));
      // What is sent is on the device first: a page that dies while sending has lost nothing.
      save()
        .then(() => post())
        .then(
          (response) => read(response, true),
          () => later()
        )
        .catch(() => later());
    }

    // --- Events -----------------------------------------------------------------------------------------------------

    form.addEventListener("input", (event) => {
      if (event.target.name) touched.add(event.target.name);
      soon();
    });
    form.addEventListener("change", soon);
    form.addEventListener("gedang:photo-added", (event) => {
      dirty = true;
      if (!place) return;
      saving = saving.then(() => place.addPhoto(event.detail)).catch(trouble);
      save();
    });
    form.addEventListener("gedang:photo-removed", (event) => {
      if (place) saving = saving.then(() => place.removePhoto(event.detail.id)).catch(trouble);
    });
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.hasAttribute("data-draft-retry")) send();
      else if (button.hasAttribute("data-draft-discard")) {
        done = true;
        window.clearTimeout(pause);
        gedang.markUnsent(path, false);
        const cleared = place ? saving.then(() => place.clear()) : Promise.resolve();
        cleared.then(() => window.location.reload());
      } else if (button.type === "submit") submitter = button;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send();
    });
    window.addEventListener("online", () => {
      if (done) return;
      if (!place && gedang.draftsPossible()) open(true);
      if (waiting) send();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && dirty) save();
    });
    window.addEventListener("beforeunload", (event) => {
      if (done || !dirty || place) return;
      event.preventDefault();
      event.returnValue = "";
    });

    dirty = Boolean(photos);
    return open(false);
  }

  gedang.startDraft = function (form) {
    if (!started.has(form)) started.set(form, start(form, null));
    return started.get(form);
  };

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("form[data-draft]").forEach(gedang.startDraft));
})();
