// Kin of an assessor: found by surname, name or number among the rows of the sheet, chosen one by one, sent as a form.
(function () {
  "use strict";
  const root = document.querySelector("[data-kin]");
  if (!root) return;
  const rows = JSON.parse(document.getElementById("sheet-data").textContent);
  const find = root.querySelector("[data-kin-find]");
  const found = root.querySelector("[data-kin-found]");
  const list = root.querySelector("[data-kin-chosen]");
  const save = root.querySelector("[data-kin-save]");
  const MOST = 30;
  const chosen = new Map();

  function called(row) {
    return [row.head || "—", row.number, row.group].filter(Boolean).join(" · ");
  }

  function made(template, row) {
    const element = document.getElementById(template).content.firstElementChild.cloneNode(true);
    element.querySelector("[data-kin-name]").textContent = called(row);
    return element;
  }

  function drawChosen() {
    list.textContent = "";
    chosen.forEach((row) => {
      const chip = made("kin-chip", row);
      chip.querySelector("input").value = String(row.id);
      chip.querySelector("[data-kin-drop]").addEventListener("click", () => {
        chosen.delete(row.id);
        drawChosen();
        drawFound();
      });
      list.appendChild(chip);
    });
    save.textContent = chosen.size ? save.dataset.some.replace("%s", String(chosen.size)) : save.dataset.none;
  }

  function drawFound() {
    found.textContent = "";
    const text = find.value.trim();
    if (!text) return;
    rows
      .filter((row) => !chosen.has(row.id) && (row.head.indexOf(text) >= 0 || row.number.indexOf(text) >= 0))
      .sort((one, other) => one.head.indexOf(text) - other.head.indexOf(text) || one.number.localeCompare(other.number))
      .slice(0, MOST)
      .forEach((row) => {
        const item = made("kin-row", row);
        item.firstElementChild.addEventListener("click", () => {
          chosen.set(row.id, row);
          drawChosen();
          drawFound();
          find.focus();
        });
        found.appendChild(item);
      });
  }

  find.addEventListener("input", drawFound);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  rows.filter((row) => row.locked).forEach((row) => chosen.set(row.id, row));
  drawChosen();
})();
