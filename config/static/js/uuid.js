// Client identities: version 4, from getRandomValues, since randomUUID is missing below Chrome 92 and on plain http.
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});

  gedang.uuid = function () {
    const bytes = window.crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.prototype.map.call(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  };

  // <input data-uuid> gets its identity once; a restored draft or a redisplayed form keeps the one it has.
  gedang.fillUuids = function (root) {
    root.querySelectorAll("input[data-uuid]").forEach((input) => {
      if (!input.value) input.value = gedang.uuid();
    });
  };

  document.addEventListener("DOMContentLoaded", () => gedang.fillUuids(document));
  document.addEventListener("htmx:load", (event) => gedang.fillUuids(event.detail.elt));
})();
