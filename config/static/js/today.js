// An officer's day: names for the drafts on this device, and how far it is to the next households.
(function () {
  "use strict";

  const EARTH = 6371000; // metres

  function metres(from, to) {
    const rad = Math.PI / 180;
    const x = (to.longitude - from.longitude) * rad * Math.cos(((from.latitude + to.latitude) / 2) * rad);
    const y = (to.latitude - from.latitude) * rad;
    return EARTH * Math.sqrt(x * x + y * y);
  }

  // Only where a visit on this device has been given a position before, so that no page asks out of the blue.
  function distances() {
    const marks = document.querySelectorAll("[data-latitude][data-longitude]");
    if (!marks.length || !window.isSecureContext || !navigator.geolocation) return;
    if (window.localStorage.getItem("gedang.located") !== "1") return;
    navigator.geolocation.getCurrentPosition((position) =>
      marks.forEach((mark) => {
        const to = { latitude: Number(mark.dataset.latitude), longitude: Number(mark.dataset.longitude) };
        const away = metres(position.coords, to);
        mark.textContent =
          away < 1000
            ? mark.dataset.metres.replace("%s", String(Math.round(away / 10) * 10))
            : mark.dataset.kilometres.replace("%s", (away / 1000).toFixed(1));
        mark.hidden = false;
      })
    );
  }

  // What a record says in clear is whose it is and which page; the household's name comes from the server.
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
