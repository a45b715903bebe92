// In a meeting a page that the browser kept is never shown again: going back asks the server, which knows nobody by then.
(function () {
  "use strict";
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
})();
