// Signing: only what the chosen outcome asks is shown, and the device's own time goes along.
(function () {
  "use strict";
  document.querySelectorAll("form").forEach(function (form) {
    form.addEventListener("submit", function () {
      const time = form.querySelector("[data-device-time]");
      if (time) time.value = new Date().toISOString();
    });
  });
  const form = document.querySelector("[data-signing]");
  if (!form) return;
  const reason = form.elements.reason;
  const groups = Array.prototype.slice.call(reason.querySelectorAll("optgroup"));
  function show(name, visible) {
    const field = form.querySelector('[data-field="' + name + '"]');
    if (field) field.hidden = !visible;
  }
  function follow() {
    const outcome = form.elements.outcome.value;
    show("contract", outcome === "signed");
    show("reason", outcome !== "signed");
    groups.forEach(function (group) {
      const own = group.firstElementChild.value.split(":")[0] === outcome;
      group.hidden = !own;
      group.disabled = !own;
    });
    if (reason.value.split(":")[0] !== outcome) reason.value = "";
  }
  form.addEventListener("change", function (event) {
    if (event.target.name === "outcome") follow();
  });
  follow();
})();
