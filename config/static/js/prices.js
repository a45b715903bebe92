// Reference prices beside an asset: what a unit is usually worth, and a second look at an amount that does not go with its quantity.
// <section data-prices='{"land": ["亩", "200", "60000"]}' data-word-price="…%u %l–%h" data-word-each="…%u %v">: rows of kind, quantity, current.
(function () {
  "use strict";
  const known = new WeakMap();

  function pricesOf(section) {
    if (!known.has(section)) known.set(section, JSON.parse(section.dataset.prices));
    return known.get(section);
  }

  function field(row, name) {
    return row.querySelector("[name$='-" + name + "']");
  }

  function amount(input) {
    const text = input ? input.value.replace(/[,，\s]/g, "") : "";
    return /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  }

  function say(word, values) {
    return word.replace(/%([ulhv])/g, (whole, key) => values[key]);
  }

  function noteOf(input) {
    const place = input.closest("[data-field]");
    let note = place.querySelector("[data-price-note]");
    if (!note) {
      note = document.createElement("p");
      note.className = "field-help";
      note.dataset.priceNote = "";
      note.setAttribute("role", "status");
      place.append(note);
    }
    return note;
  }

  function look(row, section) {
    const [kind, quantity, current] = ["kind", "quantity", "current"].map((name) => field(row, name));
    if (!kind || !quantity || !current) return;
    const price = pricesOf(section)[kind.value];
    const count = amount(quantity);
    const worth = count ? amount(current) / count : 0;
    const figure = (value) => Number(value).toLocaleString("en-US", { maximumFractionDigits: 0 });
    const values = price && { u: price[0], l: figure(price[1]), h: figure(price[2]), v: figure(worth) };
    const isOutside = Boolean(price && worth && (worth < Number(price[1]) || worth > Number(price[2])));
    const note = noteOf(quantity);
    note.textContent = price ? say(section.dataset.wordPrice, values) : "";
    if (isOutside) {
      const doubt = document.createElement("span");
      doubt.className = "d-block";
      doubt.textContent = say(section.dataset.wordEach, values);
      note.append(doubt);
    }
    note.classList.toggle("total-far", isOutside);
    note.hidden = !price;
  }

  function lookAt(target) {
    const row = target.closest("[data-row]");
    const section = row && row.closest("[data-prices]");
    if (section) look(row, section);
  }

  function lookAll(scope) {
    scope.querySelectorAll("[data-prices] [data-row]").forEach((row) => look(row, row.closest("[data-prices]")));
  }

  ["input", "change"].forEach((name) => document.addEventListener(name, (event) => lookAt(event.target)));
  // A row added with its kind, or rows taken over from last time.
  document.addEventListener("click", (event) => {
    const section = event.target.closest("[data-prices]");
    if (section) window.setTimeout(() => lookAll(section.parentNode), 0);
  });
  document.addEventListener("gedang:restored", (event) => lookAll(event.target));
  document.addEventListener("DOMContentLoaded", () => lookAll(document));
})();
