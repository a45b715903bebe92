// An officer's day: names for the drafts on this device, and how far it is to the next places.
(function () {
  "use strict";

  const EARTH = 6371000; // metres

  function metres(from, to) {
    const rad = Math.PI / 180;
    const x = (to.longitude - from.longitude) * rad * Math.cos(((from.latitude + to.latitude) / 2) * rad);
    const y = (to.latitude - from.latitude) * rad;
    return EARTH * Math.sqrt(x * x + y * y);
  }

  function mark(coords) {
    document.querySelectorAll("[data-latitude][data-longitude]").forEach((place) => {
      const to = { latitude: Number(place.dataset.latitude), longitude: Number(place.dataset.longitude) };
      const away = metres(coords, to);
      place.textContent =
        away < 1000
          ? place.dataset.metres.replace("%s", String(Math.round(away / 10) * 10))
          : place.dataset.kilometres.replace("%s", (away / 1000).toFixed(1));
      place.hidden = false;
    });
  }

  // Only where a visit on this device has been given a position before, so that no page asks out of the blue. The order of
  // the next places is asked for anew; the position serves that one answer.
  function distances() {
    const next = document.querySelector("[data-near]");
    if (!next || !window.isSecureContext || !navigator.geolocation) return;
    if (window.localStorage.getItem("gedang.located") !== "1") return;
    navigator.geolocation.getCurrentPosition((position) => {
      const { latitude, longitude } = position.coords;
      mark({ latitude, longitude });
      window.htmx
        .ajax("POST", next.dataset.near, { source: next, target: next, swap: "innerHTML", values: { latitude, longitude } })
        .then(() => mark({ latitude, longitude }));
    });
  }

  // What a record says in clear is whose it is and which page; the name comes from the server.
  function drafts() {
    const place = document.querySelector("[data-drafts]");
    if (!place || !window.indexedDB || !window.indexedDB.databases) return;
    window.indexedDB.databases().then((known) => {
      if (!known.some((one) => one.name === "gedang-drafts")) return;
      const request = window.indexedDB.open("gedang-drafts");
      request.onsuccess = () => {
        const all = request.result.transaction("drafts").objectStore("drafts").getAll();
        all.onsuccess = () => {
          request.result.close();
          const mine = all.result.filter((record) => record.staff === document.body.dataset.staff);
          const ids = mine.map((record) => /^\/households\/(\d+)\/visit\//.exec(record.path)).filter(Boolean);
          if (!ids.length) return;
          const query = ids.map((match) => "household=" + match[1]).join("&");
          window.htmx.ajax("GET", place.dataset.drafts + "?" + query, { target: place, swap: "innerHTML" });
        };
      };
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    distances();
    drafts();
  });
})();
