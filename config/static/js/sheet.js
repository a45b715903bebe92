// An assessment sheet: one row a household, one tap an answer, every tap saved at once. Rows are drawn in blocks as they come
// near the screen, so that 800 households scroll smoothly on a phone. Nothing of it is kept on the device.
(function () {
  "use strict";
  const root = document.querySelector("[data-sheet]");
  if (!root) return;
  const gedang = window.gedang;
  const rows = JSON.parse(document.getElementById("sheet-data").textContent);
  const template = document.getElementById("sheet-row");
  const list = root.querySelector("[data-sheet-rows]");
  const find = root.querySelector("[data-sheet-find]");
  const blank = root.querySelector("[data-sheet-blank]");
  const none = root.querySelector("[data-sheet-none]");
  const done = root.querySelector("[data-sheet-done]");
  const meter = root.querySelector("[data-sheet-meter]");
  const state = document.querySelector("[data-sheet-state]");
  const stateText = document.querySelector("[data-sheet-state-text]");
  const seal = document.querySelector("[data-sheet-seal]");
  const BLOCK = 20;

  // --- Saving: one request a row at a time; the newest answer waits for the one under way -----------------------------

  const waiting = new Set(); // rows with an answer the server has not confirmed
  let retry = 0;

  function say(name) {
    state.dataset.state = name;
    stateText.textContent = root.dataset[name] || "";
  }

  function showState() {
    if (rows.some((row) => row.error)) say("failed");
    else if (retry) say("waiting");
    else say(waiting.size ? "saving" : "saved");
    seal.classList.toggle("disabled", waiting.size > 0);
    seal.setAttribute("aria-disabled", String(waiting.size > 0));
  }

  function answerOf(row) {
    return { kind: row.kind, amount: row.amount, reasons: row.kind === "refuse" ? row.reasons : [], score: row.score };
  }

  function save(row) {
    waiting.add(row);
    showState();
    if (!row.busy) send(row);
  }

  function send(row) {
    row.busy = true;
    const sent = JSON.stringify(answerOf(row));
    const abort = new AbortController();
    const timer = window.setTimeout(() => abort.abort(), 20000);
    fetch(root.dataset.cellUrl, {
      method: "POST",
      credentials: "same-origin",
      signal: abort.signal,
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": document.body.dataset.csrf },
      body: JSON.stringify(Object.assign({ subject: row.id, version: row.version }, JSON.parse(sent))),
    })
      .then((response) => answered(row, sent, response))
      .catch(() => later(row))
      .then(() => {
        window.clearTimeout(timer);
        row.busy = false;
        if (row.again) {
          row.again = false;
          send(row);
        }
        showState();
      });
  }

  function answered(row, sent, response) {
    retry = 0;
    if (response.status === 401 || response.status === 403) {
      refuse(row, gedang.word(response.status === 401 ? "expired" : "stale"));
      return null;
    }
    if (response.status === 410 || response.status === 404) {
      window.location.reload();
      return null;
    }
    if (response.status >= 500) {
      later(row);
      return null;
    }
    return response.json().then((body) => {
      if (response.ok) {
        row.version = body.version;
        if (sent === JSON.stringify(answerOf(row))) waiting.delete(row);
        else row.again = true;
      } else if (response.status === 409) {
        waiting.delete(row);
        Object.assign(row, { version: body.version, kind: body.kind, amount: body.amount, reasons: body.reasons, score: body.score, locked: body.locked });
        draw(row);
        showError(row, body.text);
        count();
      } else refuse(row, body.text);
    });
  }

  // A row the server refuses is not waiting any more; it says why and is tried again when it changes.
  function refuse(row, text) {
    waiting.delete(row);
    row.error = text;
    draw(row);
    count();
  }

  function later(row) {
    retry += 1;
    window.setTimeout(() => {
      if (waiting.has(row) && !row.busy) send(row);
    }, Math.min(2000 * retry, 15000));
  }

  window.addEventListener("online", () => waiting.forEach((row) => !row.busy && send(row)));
  window.addEventListener("beforeunload", (event) => {
    if (!waiting.size) return;
    event.preventDefault();
    event.returnValue = "";
  });
  seal.addEventListener("click", (event) => {
    if (waiting.size) event.preventDefault();
  });

  // --- Drawing --------------------------------------------------------------------------------------------------------

  function showError(row, text) {
    if (!row.element) return;
    const place = row.element.querySelector("[data-error]");
    place.textContent = text || "";
    place.hidden = !text;
  }

  function draw(row) {
    const element = row.element;
    if (!element) return;
    let listed = false;
    element.querySelectorAll("[data-amount]").forEach((input) => {
      input.checked = row.kind === "amount" && !row.score && input.value === row.amount;
      listed = listed || input.checked;
    });
    element.querySelectorAll("[data-aside]").forEach((input) => (input.checked = input.value === row.kind));
    const other = element.querySelector("[data-other]");
    other.value = row.kind === "amount" && !listed && !row.score ? row.amount : "";
    other.parentNode.classList.toggle("is-chosen", other.value !== "" && !row.error);
    element.querySelectorAll("[data-reason]").forEach((input) => (input.checked = row.reasons.indexOf(input.value) >= 0));
    element.querySelector("[data-reasons]").hidden = row.kind !== "refuse";
    const score = element.querySelector("[data-score]");
    if (score) {
      score.textContent = row.score ? gedang.scored(row.score, row.amount) : score.dataset.plain;
      score.classList.toggle("is-chosen", Boolean(row.score) && !row.error);
    }
    const sensitive = element.querySelector("[data-sensitive-note]");
    if (sensitive) sensitive.hidden = !element.querySelector("[data-sensitive]:checked");
    element.querySelector(".sheet-answers").hidden = row.locked;
    element.querySelector("[data-locked]").hidden = !row.locked;
    element.dataset.answered = complete(row) ? "1" : "";
    showError(row, row.error);
  }

  function make(row) {
    const element = template.content.firstElementChild.cloneNode(true);
    row.element = element;
    element.querySelector("[data-head]").textContent = row.head || "—";
    element.querySelector("[data-number]").textContent = [
      row.place && root.dataset.place.replace("%s", row.place),
      row.number,
      row.group,
      root.dataset.people.replace("%s", row.members),
    ]
      .filter(Boolean)
      .join(" · ");
    element.querySelectorAll("[data-amount], [data-aside]").forEach((input) => (input.name = "row-" + row.id));
    element.addEventListener("change", (event) => change(row, event.target));
    const score = element.querySelector("[data-score]");
    if (score) score.addEventListener("click", () => gedang.score(element.querySelector("legend").textContent, row.score, (points, amount) => keep(row, points, amount)));
    draw(row);
    return element;
  }

  // Points take the place of an amount; a sum the table has no amount for is told by the server.
  function keep(row, points, amount) {
    Object.assign(row, { error: "", kind: "amount", amount: amount, reasons: [], score: points });
    draw(row);
    count();
    save(row);
  }

  function change(row, input) {
    row.error = "";
    row.score = "";
    if (input.hasAttribute("data-reason")) {
      const chosen = row.element.querySelectorAll("[data-reason]:checked");
      row.reasons = Array.prototype.map.call(chosen, (one) => one.value);
    } else if (input.hasAttribute("data-other")) {
      const text = input.value.trim();
      if (!text && row.kind !== "amount") return;
      row.kind = text ? "amount" : "";
      row.amount = text;
    } else {
      row.kind = input.hasAttribute("data-amount") ? "amount" : input.value;
      row.amount = input.hasAttribute("data-amount") ? input.value : "";
    }
    if (row.kind !== "refuse") row.reasons = [];
    draw(row);
    count();
    if (row.kind === "refuse" && !row.reasons.length) {
      showError(row, root.dataset.pickReason);
      return;
    }
    save(row);
  }

  function complete(row) {
    return Boolean(row.kind) && !row.error && (row.kind !== "refuse" || row.reasons.length > 0);
  }

  function count() {
    const filled = rows.filter(complete).length;
    done.textContent = String(filled);
    meter.value = filled;
  }

  // --- Blocks: filled near the screen, emptied far from it -------------------------------------------------------------

  const watcher = new IntersectionObserver(
    (entries) =>
      entries.forEach((entry) => {
        if (entry.isIntersecting) fill(entry.target);
        else if (entry.target.childElementCount && !entry.target.contains(document.activeElement)) empty(entry.target);
      }),
    { rootMargin: "1200px 0px" }
  );

  function fill(block) {
    if (block.childElementCount) return;
    const parts = document.createDocumentFragment();
    block.rows.forEach((row) => parts.appendChild(make(row)));
    block.appendChild(parts);
    block.style.minHeight = "";
  }

  function empty(block) {
    block.style.minHeight = block.offsetHeight + "px";
    block.textContent = "";
    block.rows.forEach((row) => (row.element = null));
  }

  function show() {
    const text = find.value.trim();
    const shown = rows.filter(
      (row) => (!blank.checked || !complete(row)) && (!text || row.head.indexOf(text) >= 0 || row.number.indexOf(text) >= 0)
    );
    watcher.disconnect();
    rows.forEach((row) => (row.element = null));
    list.textContent = "";
    for (let start = 0; start < shown.length; start += BLOCK) {
      const block = document.createElement("div");
      block.rows = shown.slice(start, start + BLOCK);
      block.className = "sheet-block";
      // About the height of its rows, so that the page has its length before they are drawn.
      block.style.minHeight = block.rows.length * 168 + "px";
      list.appendChild(block);
      watcher.observe(block);
    }
    list.hidden = shown.length === 0;
    none.hidden = shown.length > 0;
  }

  let typing = 0;
  find.addEventListener("input", () => {
    window.clearTimeout(typing);
    typing = window.setTimeout(show, 150);
  });
  blank.addEventListener("change", show);
  show();
  count();
})();
