// The visit form: which steps apply, one-tap rows, position in the background, what will be sent. Steps, sums and rows are
// those of forms.js, the draft is draft.js; loaded between the two.
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});
  const CONSENTED = ["standing", "spoken", "signed", "drawn", "photo"];
  const GOOD = 5; // metres: no better fix will come
  const DENIED = 1; // of GeolocationPositionError

  function chosen(form, name) {
    const input = form.querySelector("input[name='" + name + "']:checked");
    return input ? input.value : "";
  }

  function hide(element, gone) {
    if (element) element.hidden = gone;
  }

  // --- Which steps apply: a file is asked for after an interview with consent, else the visit alone ------------------

  function isFiled(form) {
    const outcome = chosen(form, "outcome");
    return !outcome || form.dataset.filed.split(" ").indexOf(outcome) >= 0;
  }

  function hasFile(form) {
    const consent = chosen(form, "consent");
    return isFiled(form) && (!consent || CONSENTED.indexOf(consent) >= 0);
  }

  // --- What is asked only after another answer: hidden and not sent until it applies ----------------------------------

  function answerOf(form, part, name) {
    const row = part.closest("[data-row]");
    const own = row && row.querySelector("[name$='-" + name + "']");
    const full = own ? own.name : name;
    const inputs = form.querySelectorAll("[name='" + full + "']");
    const found = [];
    inputs.forEach((input) => {
      if (input.type === "checkbox" && input.value === "on") found.push(String(input.checked));
      else if (/^(radio|checkbox)$/.test(input.type)) {
        if (input.checked) found.push(input.value);
      } else found.push(input.value);
    });
    return found;
  }

  function applyConditions(form) {
    form.querySelectorAll("[data-shown-field]").forEach((part) => {
      const wanted = part.dataset.shownValues.split(" ");
      const shown = answerOf(form, part, part.dataset.shownField).some((one) => wanted.indexOf(one) >= 0);
      const box = /^(INPUT|SELECT|TEXTAREA)$/.test(part.tagName) ? part.closest(".field") || part : part;
      hide(box, !shown);
      const inputs = box.querySelectorAll("input:not([type=hidden]), select, textarea");
      inputs.forEach((input) => (input.disabled = !shown));
    });
  }

  function apply(form) {
    const filed = isFiled(form);
    const file = hasFile(form);
    form.querySelectorAll("[data-filed-only]").forEach((part) => hide(part, !filed));
    hide(form.querySelector("[data-without-consent]"), !filed || chosen(form, "consent") !== "none");
    applyConditions(form);
    form.querySelectorAll("[data-file-part]").forEach((part) => hide(part, !file));
    const marks = form.querySelectorAll("[data-step-mark]");
    form.querySelectorAll("[data-step]").forEach((panel, index) => {
      const skipped = panel.hasAttribute("data-file-step") && !file;
      panel.toggleAttribute("data-skipped", skipped);
      hide(marks[index], skipped);
    });
    showJumps(form);
    const summary = form.querySelector("[data-summary]");
    if (summary) summary.textContent = file ? form.dataset.wordWithFile : form.dataset.wordVisitOnly;
  }

  // --- Slips beside the value last accepted (customers/domain/slips.py says the same of what is sent) -------------------

  const NEAR = 0.08;

  function near(amount, was, share) {
    return Math.abs(amount - was) <= share * was;
  }

  function without(digits) {
    return Array.prototype.map.call(digits, (_one, at) => Number(digits.slice(0, at) + digits.slice(at + 1)));
  }

  function swapped(digits) {
    const found = [];
    for (let at = 0; at + 1 < digits.length; at += 1) {
      if (digits[at] !== digits[at + 1]) found.push(digits.slice(0, at) + digits[at + 1] + digits[at] + digits.slice(at + 2));
    }
    return found;
  }

  function slip(was, typed) {
    if (was >= 1000 && typed > 0 && near(typed * 10000, was, NEAR)) return "typedInWan";
    const now = Math.floor(typed);
    if (was === now || Math.max(was, now) < 1000 || Math.min(was, now) <= 0) return "";
    const digits = String(now);
    if (now > 3 * was && without(digits).some((one) => near(one, was, NEAR))) return "digitMore";
    if (was > 3 * now && near(now * 10 + 4, was, NEAR)) return "digitLess";
    const others = swapped(digits);
    if (others.some((one) => Number(one) === was)) return "digitsSwapped";
    const zeros = (text) => text.length - text.replace(/0+$/, "").length;
    const alike = others.filter((one) => zeros(String(Number(one))) === zeros(digits));
    const far = Math.abs(now - was) > 0.3 * was;
    return far && alike.some((one) => near(Number(one), was, 0.02)) ? "digitsSwapped" : "";
  }

  gedang.slip = slip;

  function lastOf(input) {
    const last = (input.closest(".field") || input.parentNode).querySelector(".field-last");
    return last ? gedang.fen(last.lastChild.textContent.trim()) : null;
  }

  function askSlip(input) {
    const box = input.closest(".field") || input.parentNode;
    const old = box.querySelector(".field-slip");
    if (old) old.remove();
    const fen = gedang.fen(input.value);
    const last = lastOf(input);
    if (fen === null || last === null || box.querySelector(".field-ask") || input.dataset.unitSure === input.value) return;
    const kind = slip(Math.floor(last / 100), fen / 100);
    if (!kind) return;
    const ask = document.createElement("div");
    ask.className = "field-ask field-slip";
    ask.setAttribute("role", "status");
    const line = document.createElement("span");
    line.textContent = gedang.word(kind, gedang.yuan(last));
    const sure = document.createElement("button");
    sure.type = "button";
    sure.className = "btn btn-plain btn-small";
    sure.textContent = gedang.word("unitYuan", gedang.yuan(fen));
    sure.addEventListener("click", () => {
      input.dataset.unitSure = input.value;
      ask.remove();
    });
    ask.appendChild(line);
    ask.appendChild(sure);
    box.appendChild(ask);
  }

  // --- Figures that moved suddenly: at the end of the page, with the items behind them and room for proof --------------

  function itemsOf(form, list) {
    const signs = { current: 1, outstanding: 1, gross: 1, cost: -1, amount: 1 };
    const found = [];
    form.querySelectorAll("[data-rows='" + list + "'] [data-row]").forEach((row) => {
      if (row.hasAttribute("data-removed")) return;
      let change = 0;
      let number = "";
      row.querySelectorAll("input[data-sum]").forEach((input) => {
        const name = /-(\d+)-(\w+)$/.exec(input.name);
        if (!name || !signs[name[2]]) return;
        number = name[1];
        change += signs[name[2]] * ((gedang.fen(input.value) || 0) - (lastOf(input) || 0));
      });
      const kind = row.querySelector("select[name$='-kind']");
      const note = row.querySelector("input[name$='-note']");
      const label = (kind && kind.value ? kind.options[kind.selectedIndex].text : "") + (note && note.value ? " " + note.value : "");
      if (number !== "" && change) found.push({ number: number, label: label, change: change });
    });
    return found.sort((one, other) => Math.abs(other.change) - Math.abs(one.change));
  }

  function signed(fen) {
    return (fen > 0 ? "+" : "") + gedang.yuan(fen);
  }

  function fillItems(box, items) {
    const select = box.querySelector("select");
    const chosen = select.value;
    while (select.options.length > 1) select.remove(1);
    items.forEach((item) => select.add(new Option(item.label + " " + signed(item.change), item.number)));
    const top = items.length ? items[0].number : "";
    select.value = items.some((item) => item.number === chosen) ? chosen : top;
  }

  function showJumps(form) {
    const section = form.querySelector("[data-jumps]");
    if (!section) return;
    let any = false;
    let said = false; // before a first amount was typed nothing has moved
    section.querySelectorAll("[data-jump]").forEach((box) => {
      const now = gedang.fen(box.querySelector("[data-total]").textContent.replace("\u2212", "-")) || 0;
      const before = gedang.fen(box.dataset.before);
      said = said || now !== 0;
      const change = Math.abs(now - before);
      const sudden = change >= gedang.fen(box.dataset.floor) && change * 100 > Number(box.dataset.percent) * Math.abs(before);
      box.hidden = !sudden;
      if (!sudden) return;
      any = true;
      const share = before ? Math.round((change * 100) / Math.abs(before)) + " %" : signed(now - before);
      const words = [gedang.yuan(before), gedang.yuan(now), share];
      box.querySelector("[data-jump-text]").textContent = section.dataset.wordJump.replace(/%s/g, () => words.shift());
      const items = itemsOf(form, box.dataset.list);
      const top = items.length ? section.dataset.wordItem.replace("%s", items[0].label + " " + signed(items[0].change)) : "";
      box.querySelector("[data-jump-item]").textContent = top;
      fillItems(box, items);
    });
    section.hidden = !any || !said;
  }

  function goOn(form, by) {
    const panels = form.querySelectorAll("[data-step]");
    let at = Number(form.dataset.stepNow || 0);
    if (by > 0) {
      const inputs = panels[at].querySelectorAll("input, select, textarea");
      const shown = Array.prototype.filter.call(inputs, (input) => !input.closest("[hidden]"));
      if (!shown.every((input) => input.reportValidity())) return;
    }
    do at += by;
    while (panels[at] && panels[at].hasAttribute("data-skipped"));
    const mark = form.querySelectorAll("[data-step-mark]")[at];
    if (mark) mark.click(); // forms.js shows the step
  }

  // --- Time and place of the visit --------------------------------------------------------------------------------------

  function noteTime(form) {
    const time = form.querySelector("[data-device-time]");
    if (time && !time.value) time.value = new Date().toISOString();
  }

  function say(form, word, value) {
    const text = form.querySelector("[data-place-text]");
    if (text) text.textContent = form.dataset[word].replace("%s", value === undefined ? "" : String(value));
  }

  // How long the visit took on this device: from first opening it, drafts included, to the first attempt to send it.
  function noteOpening(form) {
    const opened = form.querySelector("[data-opened]");
    if (opened && !opened.value) opened.value = new Date().toISOString();
  }

  function noteDwell(form) {
    const opened = form.querySelector("[data-opened]");
    const dwell = form.querySelector("[data-dwell]");
    if (!opened || !dwell || !opened.value) return;
    const minutes = Math.floor((Date.now() - new Date(opened.value).getTime()) / 60000);
    dwell.value = minutes >= 0 ? String(minutes) : "";
  }

  const located = new WeakSet();
  const watches = new WeakMap();

  function stopLocating(form) {
    if (watches.has(form)) navigator.geolocation.clearWatch(watches.get(form));
    watches.delete(form);
  }

  // Who takes the permission back takes the place of this visit back with it.
  function forget(form) {
    ["[data-latitude]", "[data-longitude]", "[data-accuracy]"].forEach((name) => {
      const input = form.querySelector(name);
      if (!input.value) return;
      input.value = "";
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    stopLocating(form);
    say(form, "wordUnlocated");
  }

  function heedPermission(form) {
    const { permissions } = navigator;
    if (!permissions || !permissions.query) return; // Safari before 16 has none
    permissions
      .query({ name: "geolocation" })
      .then((permission) => {
        if (permission.state === "denied") forget(form);
        permission.addEventListener("change", () => {
          if (permission.state !== "granted") forget(form);
        });
      })
      .catch(() => {}); // a browser that does not tell says so in the watch itself
  }

  // The best fix so far is kept while the page is open: a later, worse one never replaces it. Nothing waits for it and nothing fails
  // without it. A draft taken up again elsewhere keeps where the visit was.
  function locate(form) {
    const best = form.querySelector("[data-accuracy]");
    if (!best || located.has(form)) return; // from paper where the typist sits is no place of the visit; in a preview nobody is anywhere
    located.add(form);
    heedPermission(form);
    if (best.value) {
      say(form, "wordLocated", Math.round(best.value));
      return;
    }
    if (!window.isSecureContext || !navigator.geolocation) {
      say(form, "wordInsecure");
      return;
    }
    say(form, "wordLocating");
    const watch = navigator.geolocation.watchPosition(
      (position) => {
        const now = position.coords;
        if (best.value && Number(best.value) <= now.accuracy) return;
        form.querySelector("[data-latitude]").value = now.latitude.toFixed(6);
        form.querySelector("[data-longitude]").value = now.longitude.toFixed(6);
        best.value = now.accuracy.toFixed(1);
        window.localStorage.setItem("gedang.located", "1"); // the day's page may tell distances from now on
        say(form, "wordLocated", Math.round(now.accuracy));
        best.dispatchEvent(new Event("input", { bubbles: true }));
        if (now.accuracy <= GOOD) stopLocating(form);
      },
      (error) => {
        if (error.code === DENIED) forget(form);
        else if (!best.value) say(form, "wordUnlocated");
      },
      { enableHighAccuracy: true, maximumAge: 30000, timeout: 30000 }
    );
    watches.set(form, watch);
  }

  // --- Start, also for a form that came back with findings ---------------------------------------------------------------

  function begin(root) {
    const forms = root.matches && root.matches("form[data-visit]") ? [root] : root.querySelectorAll("form[data-visit]");
    forms.forEach((form) => {
      apply(form);
      noteOpening(form);
      const best = form.querySelector("[data-accuracy]");
      if (best && best.value) say(form, "wordLocated", Math.round(best.value));
    });
  }

  const startForms = gedang.startForms;
  gedang.startForms = function (root) {
    startForms(root);
    begin(root);
  };

  // What a draft filled in is in sight, behind "more" too.
  function openFilled(form) {
    form.querySelectorAll("details.more").forEach((more) => {
      const inputs = more.querySelectorAll("input:not([type=hidden]):not([type=checkbox]):not([type=radio]), select, textarea");
      if (Array.prototype.some.call(inputs, (input) => input.value !== "")) more.open = true;
    });
  }

  // The step the officer was at, and greyed values of another revision than the draft was typed beside.
  document.addEventListener(
    "gedang:restored",
    (event) => {
      const form = event.target;
      if (!form.matches("form[data-visit]")) return;
      openFilled(form);
      const step = form.querySelector("[data-step-kept]");
      if (step && step.value) form.dataset.stepNow = step.value;
      const base = form.querySelector("input[name=base]");
      if (base && base.value !== form.dataset.base) form.querySelectorAll(".field-last").forEach((last) => last.remove());
    },
    true
  );
  document.addEventListener("gedang:restored", (event) => begin(event.target));
  document.addEventListener("DOMContentLoaded", () => begin(document));

  document.addEventListener("input", (event) => {
    const form = event.target.closest && event.target.closest("form[data-visit]");
    if (!form) return;
    noteTime(form);
    locate(form);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest && event.target.closest("form[data-visit]");
    if (!form) return;
    if (event.target.matches("input[inputmode=decimal]")) askSlip(event.target);
    if (!event.target.closest("[data-jumps]")) apply(form);
  });

  // Before draft.js reads the form: what is sent again after a lost answer is the same visit at the same place.
  document.addEventListener(
    "submit",
    (event) => {
      if (!event.target.matches("form[data-visit]")) return;
      noteDwell(event.target);
      stopLocating(event.target);
    },
    true
  );

  // Before forms.js: this form leaves out steps, and remembers answers to "which unit?" for the server.
  document.addEventListener(
    "click",
    (event) => {
      const form = event.target.closest("form[data-visit]");
      if (!form) return;
      const next = event.target.closest("[data-step-next]");
      const back = event.target.closest("[data-step-back]");
      if (next || back) {
        event.stopPropagation();
        goOn(form, next ? 1 : -1);
        form.querySelector("[data-step-kept]").value = form.dataset.stepNow;
      }
      const sure = event.target.closest(".field-ask .btn-plain");
      if (sure) {
        const box = sure.closest(".field-ask").parentNode;
        const input = box.querySelector("input[inputmode]");
        const answer = document.createElement("input");
        answer.type = "hidden";
        answer.name = "confirmed";
        answer.value = input.name + "=" + input.value;
        box.appendChild(answer);
      }
    },
    true
  );
  document.addEventListener("click", (event) => {
    const form = event.target.closest("form[data-visit]");
    if (!form) return;
    if (event.target.closest("[data-step-mark]")) event.preventDefault();
    const kind = event.target.closest("[data-add-kind]");
    if (kind) {
      const rows = kind.closest("[data-rows]");
      rows.querySelector("[data-add-row]").click();
      const list = rows.querySelectorAll("[data-row]");
      const row = list[list.length - 1];
      const select = row.querySelector("select[name$='-kind']");
      if (select) select.value = kind.dataset.addKind;
      const amount = row.querySelector("input[inputmode]");
      if (amount) amount.focus();
    }
    const same = event.target.closest("[data-same-as-last]");
    if (same) {
      const mark = same.closest("[data-section]").querySelector("[data-same-mark]");
      if (mark) mark.value = "1";
    }
  });
})();
