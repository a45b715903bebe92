// Points item by item for one household: a form over the sheet, closed with the sum or with nothing.
(function () {
  "use strict";
  const dialog = document.querySelector("[data-score-form]");
  if (!dialog) return;
  const gedang = window.gedang;
  const bands = JSON.parse(document.getElementById("score-bands").textContent);
  const items = Array.prototype.slice.call(dialog.querySelectorAll(".score-item"));
  const total = dialog.querySelector("[data-score-total]");
  const says = dialog.querySelector("[data-score-says]");
  const save = dialog.querySelector("[data-score-save]");
  let done = null;

  function points() {
    return items.map((item) => {
      const chosen = item.querySelector("input:checked");
      return chosen ? chosen.value : "";
    });
  }

  function amountOf(sum) {
    let found = "";
    bands.forEach((band) => {
      if (sum >= band[0]) found = band[1];
    });
    return found;
  }

  function show() {
    const given = points();
    const left = given.filter((one) => one === "").length;
    const sum = given.reduce((all, one) => all + Number(one), 0);
    const amount = amountOf(sum);
    total.textContent = String(sum);
    if (left) says.textContent = says.dataset.left.replace("%s", String(left));
    else says.textContent = amount ? says.dataset.amount.replace("%s", amount) : says.dataset.below;
    save.disabled = left > 0;
    items.forEach((item, place) => (item.dataset.given = given[place] === "" ? "" : "1"));
  }

  // The words of a scored row: its sum and amount.
  gedang.scored = (given, amount) =>
    [given.split("").reduce((all, one) => all + Number(one), 0) + " " + says.dataset.points, amount && says.dataset.amount.replace("%s", amount)]
      .filter(Boolean)
      .join(" · ");

  function hide() {
    done = null;
    if (dialog.close) dialog.close();
    else dialog.removeAttribute("open");
  }

  // score(name, points, then): then gets the points and the amount, once the form is kept.
  gedang.score = function (name, known, then) {
    dialog.querySelector("[data-score-name]").textContent = name;
    items.forEach((item, place) =>
      item.querySelectorAll("input").forEach((input) => (input.checked = known.charAt(place) === input.value))
    );
    done = then;
    show();
    if (dialog.showModal) dialog.showModal();
    else dialog.setAttribute("open", "");
    const first = items.find((item) => !item.dataset.given) || items[0];
    first.scrollIntoView({ block: "nearest" });
  };

  dialog.addEventListener("change", (event) => {
    show();
    const item = event.target.closest(".score-item");
    const next = items.slice(items.indexOf(item) + 1).find((one) => !one.dataset.given);
    if (next) next.scrollIntoView({ block: "nearest", behavior: "smooth" });
  });
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const given = points();
    const then = done;
    hide();
    if (then) then(given.join(""), amountOf(given.reduce((all, one) => all + Number(one), 0)));
  });
  dialog.querySelector("[data-score-leave]").addEventListener("click", hide);
})();
