// Rows taken together: the box in the head chooses all on the page, the button says how many and waits for one.
(function () {
  "use strict";

  function start(table) {
    const all = table.querySelector("[data-choose-all]");
    const ones = Array.prototype.slice.call(table.querySelectorAll("[data-choose-one]"));
    const button = document.querySelector("[data-choose-submit]");
    if (!all || !button) return;
    const label = button.textContent.trim();

    function show() {
      const chosen = ones.filter((one) => one.checked).length;
      button.disabled = chosen === 0;
      button.textContent = chosen ? label + " (" + chosen + ")" : label;
      all.checked = chosen > 0 && chosen === ones.length;
      all.indeterminate = chosen > 0 && chosen < ones.length;
    }

    all.disabled = ones.length === 0;
    all.addEventListener("change", () => {
      ones.forEach((one) => (one.checked = all.checked));
      show();
    });
    table.addEventListener("change", show);
    show();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-choose]").forEach(start));
})();
