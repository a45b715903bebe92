// What an effective visit still needs, looked at while the form is filled in; says so quietly and stands in nobody's way.
// <li data-need="photos" data-need-channels="site" data-need-values="1">: the rules behind are customers/domain/effective.py.
(function () {
  "use strict";
  const EARTH = 6371000;
  const MINUTE = 60000;
  const TALKS = ["interviewed", "partial"];
  const OF_TALKS = ["person", "role", "age", "dwell", "file"];

  function chosen(form, name) {
    const input = form.querySelector("[name='" + name + "']:checked, select[name='" + name + "']");
    return input ? input.value : "";
  }

  function number(form, name) {
    const input = form.querySelector("[" + name + "]");
    return input && input.value ? Number(input.value) : null;
  }

  function metres(form, latitude, longitude) {
    const radians = Math.PI / 180;
    const north = (number(form, "data-latitude") - latitude) * radians;
    const east = (number(form, "data-longitude") - longitude) * radians * Math.cos(latitude * radians);
    return EARTH * Math.hypot(north, east) - (number(form, "data-accuracy") || 0);
  }

  const MET = {
    outcome: (form, values) => values.indexOf(chosen(form, "outcome")) >= 0,
    channel: () => false,
    person: (form) => chosen(form, "person_met") !== "",
    role: (form, values) => values.indexOf(chosen(form, "met_role")) >= 0,
    age: (form, values) => chosen(form, "person_met") !== "" && values.indexOf(chosen(form, "person_met")) < 0,
    partner: (form) => chosen(form, "partner") !== "",
    dwell: (form, values) => {
      const opened = form.querySelector("[data-opened]");
      return Date.now() - new Date(opened.value).getTime() >= Number(values[0]) * MINUTE;
    },
    photos: (form, values) => form.querySelectorAll("[data-photos='photos'] img").length >= Number(values[0]),
    accuracy: (form, values) => number(form, "data-accuracy") <= Number(values[0]), // no fix, nothing against it
    distance: (form, values) =>
      number(form, "data-accuracy") === null || metres(form, Number(values[1]), Number(values[2])) <= Number(values[0]),
    file: () => null, // counted by the server
  };

  function look(form) {
    const list = form.querySelector("[data-effective]");
    if (!list) return;
    const channel = chosen(form, "channel");
    const outcome = chosen(form, "outcome");
    list.querySelectorAll("[data-need]").forEach((item) => {
      const code = item.dataset.need;
      const values = item.dataset.needValues.split(" ");
      const asked = item.dataset.needChannels.split(" ").indexOf(channel) >= 0;
      item.hidden = !asked || (OF_TALKS.indexOf(code) >= 0 && outcome !== "" && TALKS.indexOf(outcome) < 0);
      const met = item.hidden ? null : MET[code](form, values);
      item.dataset.met = met === null ? "" : met ? "yes" : "no";
    });
  }

  function lookAll() {
    document.querySelectorAll("form[data-visit]").forEach(look);
  }

  ["input", "change", "gedang:restored"].forEach((name) => document.addEventListener(name, lookAll));
  document.addEventListener("click", () => window.setTimeout(lookAll, 0)); // a step shown, a photo taken away
  document.addEventListener("DOMContentLoaded", lookAll);
  window.setInterval(lookAll, MINUTE / 4);
})();
