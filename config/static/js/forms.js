// Forms in the field: rows that can be added, sums that follow, "which unit?", same as last time, chosen files, filters.
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});

  // --- Exact sums: amounts are counted in fen, never as floats -----------------------------------------------------

  const AMOUNT = /^(-?)(\d*)(?:\.(\d{0,2}))?$/;

  // "3,500.5" -> 350050; null for what is no amount
  gedang.fen = function (text) {
    const match = AMOUNT.exec(String(text).replace(/[,，\s]/g, ""));
    if (!match || (match[2] === "" && !match[3])) return null;
    const fen = Number(match[2] || "0") * 100 + Number(((match[3] || "") + "00").slice(0, 2));
    return match[1] ? -fen : fen;
  };

  gedang.yuan = function (fen) {
    const whole = Math.floor(Math.abs(fen) / 100);
    const cents = Math.abs(fen) % 100;
    const text = String(whole).replace(/\B(?=(\d{3})+$)/g, ",") + (cents ? "." + ("0" + cents).slice(-2) : "");
    return (fen < 0 ? "\u2212" : "") + text;
  };

  // data-sum="assets" on inputs; data-total="assets - debts" on outputs: names with + and - between them.
  function addUp(scope) {
    const sums = {};
    scope.querySelectorAll("[data-sum]").forEach((input) => {
      if (input.closest("[data-removed]")) return;
      const fen = gedang.fen(input.value);
      if (fen !== null) sums[input.dataset.sum] = (sums[input.dataset.sum] || 0) + fen;
    });
    scope.querySelectorAll("[data-total]").forEach((output) => {
      let sign = 1;
      let fen = 0;
      output.dataset.total.split(/\s+/).forEach((part) => {
        if (part === "+" || part === "-") sign = part === "-" ? -1 : 1;
        else fen += sign * (sums[part] || 0);
      });
      output.textContent = gedang.yuan(fen);
      output.classList.toggle("is-negative", fen < 0);
      const far = output.closest("div").querySelector("[data-far-note]");
      if (far) far.hidden = !(fen > gedang.fen(output.dataset.far));
    });
  }

  // --- Which unit? (Semantics, section 3): data-unit="wan|yuan" on an amount input -----------------------------------

  function askUnit(input) {
    const box = input.closest(".field") || input.parentNode;
    const old = box.querySelector(".field-ask");
    if (old) old.remove();
    const fen = gedang.fen(input.value);
    if (fen === null || input.dataset.unitSure === input.value) return;
    const asks = input.dataset.unit === "wan" ? fen > 500000 : fen > 0 && fen < 10000;
    if (!asks) return;
    const isWan = input.dataset.unit === "wan";
    const other = isWan ? fen / 10000 : fen * 10000;
    const ask = document.createElement("div");
    ask.className = "field-ask";
    ask.setAttribute("role", "status");
    const line = document.createElement("span");
    line.textContent = gedang.word("whichUnit");
    const change = document.createElement("button");
    change.type = "button";
    change.className = "btn btn-quiet btn-small";
    change.textContent = gedang.word("changeTo", gedang.yuan(other) + " " + gedang.word(isWan ? "wan" : "yuan"));
    change.addEventListener("click", () => {
      input.value = gedang.yuan(other).replace(/,/g, "");
      ask.remove();
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    const sure = document.createElement("button");
    sure.type = "button";
    sure.className = "btn btn-plain btn-small";
    sure.textContent = gedang.word(isWan ? "unitWan" : "unitYuan", gedang.yuan(fen));
    sure.addEventListener("click", () => {
      input.dataset.unitSure = input.value;
      ask.remove();
    });
    ask.appendChild(line);
    ask.appendChild(change);
    ask.appendChild(sure);
    box.appendChild(ask);
  }

  // --- Rows: a Django formset under [data-rows="prefix"] with <template data-row-template> and [data-row-list] --------

  function totalForms(rows) {
    return rows.querySelector("input[name='" + rows.dataset.rows + "-TOTAL_FORMS']");
  }

  function addRow(rows, quietly) {
    const total = totalForms(rows);
    const index = Number(total.value);
    const limit = Number(rows.dataset.limit || 100);
    if (index >= limit) return null;
    const holder = document.createElement("div");
    holder.innerHTML = rows.querySelector("template[data-row-template]").innerHTML.replace(/__prefix__/g, String(index));
    const row = holder.firstElementChild;
    rows.querySelector("[data-row-list]").appendChild(row);
    total.value = String(index + 1);
    gedang.fillUuids(row);
    if (!quietly) {
      const first = row.querySelector("input:not([type=hidden]), select, textarea");
      if (first) first.focus();
      total.dispatchEvent(new Event("input", { bubbles: true }));
    }
    return row;
  }

  // A removed row stays in the form with DELETE ticked, so that its number is not given twice.
  function hideRemoved(scope) {
    scope.querySelectorAll("[data-row]").forEach((row) => {
      const mark = row.querySelector("input[name$='-DELETE']");
      const gone = Boolean(mark && (mark.checked || mark.value === "on") && (mark.type !== "checkbox" || mark.checked));
      row.hidden = gone;
      row.toggleAttribute("data-removed", gone);
    });
  }

  // Before fields are written back, as many rows are made as were there.
  gedang.makeRows = function (form, fields) {
    fields.forEach((field) => {
      const match = /^(.+)-TOTAL_FORMS$/.exec(field.name);
      if (!match) return;
      const rows = form.querySelector("[data-rows='" + match[1] + "']");
      while (rows && Number(totalForms(rows).value) < Number(field.value)) if (!addRow(rows, true)) break;
    });
  };

  // --- Same as last time: per section, never for the whole -----------------------------------------------------------
  // <button data-same-as-last> inside [data-section]; inputs carry data-last.

  function sameAsLast(section) {
    section.querySelectorAll("[data-last]").forEach((input) => {
      if (/^(radio|checkbox)$/.test(input.type)) input.checked = input.dataset.last === "1" || input.dataset.last === input.value;
      else if (!input.value) input.value = input.dataset.last;
    });
    const form = section.closest("form");
    if (form) form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // --- Steps of a long form: [data-steps] holds .step-panel parts; one is shown at a time -----------------------------

  function showStep(form, number, focus) {
    const panels = form.querySelectorAll("[data-step]");
    if (!panels.length) return;
    const at = Math.max(0, Math.min(number, panels.length - 1));
    panels.forEach((panel, index) => (panel.hidden = index !== at));
    form.dataset.stepNow = String(at);
    form.querySelectorAll("[data-step-mark]").forEach((mark, index) => {
      mark.classList.toggle("is-done", index < at);
      mark.classList.toggle("is-now", index === at);
      if (index === at) mark.setAttribute("aria-current", "step");
      else mark.removeAttribute("aria-current");
    });
    form.querySelectorAll("[data-step-back]").forEach((button) => (button.hidden = at === 0));
    form.querySelectorAll("[data-step-next]").forEach((button) => (button.hidden = at === panels.length - 1));
    form.querySelectorAll("[data-step-last]").forEach((button) => (button.hidden = at !== panels.length - 1));
    const text = form.querySelector("[data-step-text]");
    if (text) text.textContent = panels[at].dataset.step;
    if (focus) {
      window.scrollTo(0, 0);
      const head = panels[at].querySelector("h2, h3, legend");
      if (head) {
        head.setAttribute("tabindex", "-1");
        head.focus({ preventScroll: true });
      }
    }
  }

  // Only what is shown is asked to be valid before going on; the server looks at everything.
  function stepIsValid(form) {
    const panel = form.querySelectorAll("[data-step]")[Number(form.dataset.stepNow)];
    return Array.prototype.every.call(panel.querySelectorAll("input, select, textarea"), (input) => input.reportValidity());
  }

  // A field that is wrong on a hidden step brings its step forward.
  document.addEventListener(
    "invalid",
    (event) => {
      const panel = event.target.closest("[data-step]");
      if (!panel || !panel.hidden) return;
      const form = panel.closest("form");
      const panels = Array.prototype.slice.call(form.querySelectorAll("[data-step]"));
      showStep(form, panels.indexOf(panel), false);
    },
    true
  );

  // --- Events ---------------------------------------------------------------------------------------------------------

  gedang.startForms = function (root) {
    const forms = root.matches && root.matches("form") ? [root] : root.querySelectorAll("form");
    forms.forEach((form) => {
      hideRemoved(form);
      addUp(form);
      if (form.querySelector("[data-step]")) {
        const wrong = form.querySelector("[data-step] .field-errors li");
        const panels = Array.prototype.slice.call(form.querySelectorAll("[data-step]"));
        showStep(form, wrong ? panels.indexOf(wrong.closest("[data-step]")) : Number(form.dataset.stepNow || 0), false);
      }
    });
  };

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form");
    if (form) addUp(form);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-unit]")) askUnit(event.target);
    const drop = event.target.closest("[data-drop]");
    if (drop) drop.querySelector("[data-drop-name]").textContent = event.target.files.length ? event.target.files[0].name : "";
  });
  ["dragover", "dragleave", "drop"].forEach((kind) =>
    document.addEventListener(kind, (event) => {
      const drop = event.target.closest && event.target.closest("[data-drop]");
      if (drop) drop.classList.toggle("is-over", kind === "dragover");
    })
  );
  document.addEventListener("click", (event) => {
    const add = event.target.closest("[data-add-row]");
    if (add) addRow(add.closest("[data-rows]"), false);
    const remove = event.target.closest("[data-remove-row]");
    if (remove) {
      const row = remove.closest("[data-row]");
      const mark = row.querySelector("input[name$='-DELETE']");
      if (mark.type === "checkbox") mark.checked = true;
      else mark.value = "on";
      hideRemoved(row.parentNode);
      mark.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const same = event.target.closest("[data-same-as-last]");
    if (same) sameAsLast(same.closest("[data-section]"));
    const next = event.target.closest("[data-step-next]");
    const back = event.target.closest("[data-step-back]");
    if (next || back) {
      const form = (next || back).closest("form");
      if (!next || stepIsValid(form)) showStep(form, Number(form.dataset.stepNow) + (next ? 1 : -1), true);
    }
    const mark = event.target.closest("[data-step-mark]");
    if (mark && mark.closest("form")) {
      const form = mark.closest("form");
      showStep(form, Array.prototype.indexOf.call(form.querySelectorAll("[data-step-mark]"), mark), true);
    }
  });
  document.addEventListener("gedang:restored", (event) => gedang.startForms(event.target));
  document.addEventListener("DOMContentLoaded", () => gedang.startForms(document));
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt.querySelectorAll) gedang.startForms(event.detail.elt);
  });
})();
