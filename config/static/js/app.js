// Behaviour of every page: search, menus, htmx with clear failures at the place of the action, form content kept when a
// session expires. Words come from #ui-words (templates/_words.html).
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});
  const body = document.body;

  const words = document.getElementById("ui-words");
  // gedang.word("draftSaved", "10:32") -> data-draft-saved with its %s filled
  gedang.word = function (name, value) {
    const text = (words && words.dataset[name]) || "";
    return value === undefined ? text : text.replace("%s", value);
  };

  gedang.icon = function (name) {
    const known = document.querySelector("svg.icon use");
    const sprite = known ? known.getAttribute("href").split("#")[0] : "";
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", sprite + "#" + name);
    svg.appendChild(use);
    return svg;
  };

  // A message at the place of the action. actions: [{label, run | href}]
  gedang.result = function (tone, text, actions) {
    const box = document.createElement("div");
    box.className = "result result-" + tone;
    box.setAttribute("role", tone === "red" ? "alert" : "status");
    box.appendChild(gedang.icon(tone === "red" ? "alert-octagon" : tone === "yellow" ? "alert-circle" : "info-circle"));
    const content = document.createElement("div");
    content.className = "result-text";
    const line = document.createElement("p");
    line.textContent = text;
    content.appendChild(line);
    if (actions && actions.length) {
      const row = document.createElement("div");
      row.className = "buttons";
      actions.forEach((action) => {
        const button = document.createElement(action.href ? "a" : "button");
        button.className = "btn btn-quiet btn-small";
        button.textContent = action.label;
        if (action.href) button.href = action.href;
        else {
          button.type = "button";
          button.addEventListener("click", action.run);
        }
        row.appendChild(button);
      });
      content.appendChild(row);
    }
    box.appendChild(content);
    return box;
  };

  // --- Search ---------------------------------------------------------------------------------------------------

  const topline = document.querySelector(".topline");
  const searchInput = document.querySelector("[data-search]");
  const searchOpen = document.querySelector("[data-search-open]");
  const searchResults = document.getElementById("search-results");

  function openSearch(open) {
    if (!topline) return;
    topline.classList.toggle("search-open", open);
    if (searchOpen) searchOpen.setAttribute("aria-expanded", String(open));
    if (open && searchInput) {
      searchInput.focus();
      searchInput.select();
    }
  }

  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target) && searchInput) {
      event.preventDefault();
      openSearch(true);
    } else if (event.key === "Escape") {
      if (searchResults) searchResults.textContent = "";
      openSearch(false);
      document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && searchResults && event.target.closest(".search")) {
      const hits = Array.prototype.slice.call(searchResults.querySelectorAll("[data-hit]"));
      if (!hits.length) return;
      event.preventDefault();
      const at = hits.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      if (at < 0) searchInput.focus();
      else hits[Math.min(at, hits.length - 1)].focus();
    }
  });
  if (searchOpen) searchOpen.addEventListener("click", () => openSearch(!topline.classList.contains("search-open")));

  // --- Clicks: menus, going back, demo logins ---------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    if (searchResults && !event.target.closest(".search") && !event.target.closest("[data-search-open]")) {
      searchResults.textContent = "";
    }
    const close = event.target.closest("[data-menu-close]");
    if (close) close.closest("details").open = false;
    if (event.target.closest("[data-back]")) window.history.back();
    if (event.target.closest("[data-print]")) window.print();
    const login = event.target.closest("[data-fill-login]");
    if (login) {
      document.querySelector("input[name=username]").value = login.dataset.fillLogin;
      document.querySelector("input[name=password]").value = login.dataset.fillPassword;
      document.querySelector("form[data-no-keep]").submit();
    }
  });

  // --- htmx -------------------------------------------------------------------------------------------------------

  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.querySelector("input[name=csrfmiddlewaretoken]");
    event.detail.headers["X-CSRFToken"] = (token && token.value) || body.dataset.csrf || "";
  });

  const failures = new Map(); // element -> the message shown for it

  function forget(element) {
    const shown = failures.get(element);
    if (shown) shown.remove();
    failures.delete(element);
  }

  function wordFor(status) {
    if (status === 0) return gedang.word("offline");
    if (status === 403) return gedang.word("stale");
    if (status === 404) return gedang.word("gone");
    if (status === 413) return gedang.word("large");
    if (status === 429) return gedang.word("often");
    return status < 500 ? gedang.word("refused") : gedang.word("broken");
  }

  function fail(detail, text, actions) {
    const element = detail.requestConfig.elt;
    forget(element);
    const box = gedang.result("red", text, actions);
    const place = element.closest("[data-result]");
    if (place) place.insertBefore(box, place.firstChild);
    else {
      const anchor = element.closest("form, .field, .panel-body, .run") || element;
      anchor.parentNode.insertBefore(box, anchor.nextSibling);
    }
    failures.set(element, box);
  }

  function again(detail) {
    const config = detail.requestConfig;
    return {
      label: gedang.word("retry"),
      run: () => window.htmx.ajax(config.verb, config.path, { source: config.elt, target: detail.target }),
    };
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) forget(event.detail.requestConfig.elt); // the element itself may be swapped out by now
  });
  document.addEventListener("htmx:sendError", (event) => fail(event.detail, gedang.word("offline"), [again(event.detail)]));
  document.addEventListener("htmx:timeout", (event) => fail(event.detail, gedang.word("slow"), [again(event.detail)]));
  document.addEventListener("htmx:responseError", (event) => {
    const detail = event.detail;
    const status = detail.xhr.status;
    if (status === 401) {
      const form = detail.elt.closest("form");
      if (form) keep(form, true);
      fail(detail, gedang.word("expired"), [{ label: gedang.word("signIn"), href: signInUrl() }]);
      return;
    }
    const number = detail.xhr.getResponseHeader("X-Request-ID");
    const text = wordFor(status) + (number && status >= 500 ? " " + gedang.word("number") + " " + number : "");
    const refresh = {
      label: gedang.word("refresh"),
      run: () => {
        const form = detail.elt.closest("form");
        if (form) keep(form, true);
        window.location.reload();
      },
    };
    fail(detail, text, status === 403 || status === 404 ? [refresh] : [again(detail)]);
  });
  document.addEventListener("htmx:load", (event) => {
    const focus = event.detail.elt.querySelector && event.detail.elt.querySelector("[data-focus]");
    if (focus) focus.focus();
  });

  // --- What was typed when the session expired --------------------------------------------------------------------
  // Before an ordinary form leaves, its fields go to this tab's session storage. If the answer is the sign-in page they
  // wait there and come back after the same person signed in; any other answer removes them. Forms with a draft of
  // their own (draft.js), passwords, and fields or forms marked data-no-keep are left out.

  const KEPT = "gedang.kept";

  function signInUrl() {
    const here = window.location.pathname + window.location.search;
    return (body.dataset.signIn || "/") + "?next=" + encodeURIComponent(here);
  }

  function fieldsOf(form) {
    return Array.prototype.filter.call(
      form.elements,
      (element) =>
        element.name &&
        !element.closest("[data-no-keep]") &&
        element.name !== "csrfmiddlewaretoken" &&
        !/-(INITIAL|MIN_NUM|MAX_NUM)_FORMS$/.test(element.name) &&
        !/^(password|file|submit|button|image)$/.test(element.type)
    );
  }

  gedang.readFields = function (form) {
    return fieldsOf(form).map((element) => ({
      name: element.name,
      value: element.multiple
        ? Array.prototype.map.call(element.selectedOptions || [], (option) => option.value)
        : element.value,
      checked: /^(checkbox|radio)$/.test(element.type) ? element.checked : null,
    }));
  };

  // Fields are met by name and by their place among fields of the same name.
  gedang.writeFields = function (form, fields) {
    const waiting = {};
    fields.forEach((field) => (waiting[field.name] = waiting[field.name] || []).push(field));
    fieldsOf(form).forEach((element) => {
      const queue = waiting[element.name];
      if (!queue || !queue.length) return;
      if (/^(checkbox|radio)$/.test(element.type)) {
        const match = queue.filter((field) => field.value === element.value)[0];
        if (match) element.checked = match.checked === true;
      } else if (element.multiple) {
        const chosen = queue.shift().value;
        Array.prototype.forEach.call(element.options, (option) => (option.selected = chosen.indexOf(option.value) >= 0));
      } else element.value = queue.shift().value;
    });
    form.dispatchEvent(new CustomEvent("gedang:restored", { bubbles: true }));
  };

  function formKey(form) {
    return form.id || form.getAttribute("action") || String(Array.prototype.indexOf.call(document.forms, form));
  }

  // expired: whether the next page load is to give it back (the session is known to be gone, or the token too old).
  function keep(form, expired) {
    if (form.hasAttribute("data-no-keep") || form.hasAttribute("data-draft")) return;
    const kept = {
      path: window.location.pathname,
      form: formKey(form),
      staff: body.dataset.staff || "",
      fields: gedang.readFields(form),
      expired: expired === true,
    };
    try {
      window.sessionStorage.setItem(KEPT, JSON.stringify(kept));
    } catch (error) {
      window.console.warn("form content could not be kept", error.name); // storage is full or switched off
    }
  }

  function giveBack() {
    const text = window.sessionStorage.getItem(KEPT);
    if (!text) return;
    const kept = JSON.parse(text);
    if (body.dataset.page === "sign-in") {
      kept.expired = true;
      window.sessionStorage.setItem(KEPT, JSON.stringify(kept));
      const note = document.querySelector("[data-kept]");
      if (note) note.hidden = false;
      return;
    }
    if (body.dataset.page === "error") {
      kept.expired = true; // refused or failed: going back and refreshing finds the content again
      window.sessionStorage.setItem(KEPT, JSON.stringify(kept));
      return;
    }
    if (kept.expired && kept.path !== window.location.pathname && kept.staff === body.dataset.staff) return;
    window.sessionStorage.removeItem(KEPT);
    if (!kept.expired || kept.staff !== body.dataset.staff) return;
    const form = Array.prototype.filter.call(document.forms, (one) => formKey(one) === kept.form)[0];
    if (!form) return;
    if (gedang.makeRows) gedang.makeRows(form, kept.fields);
    gedang.writeFields(form, kept.fields);
    form.insertBefore(gedang.result("neutral", gedang.word("restored")), form.firstChild);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.hasAttribute("data-forget")) {
      window.sessionStorage.clear();
      return;
    }
    if (form.method === "post" && !form.hasAttribute("hx-post")) keep(form);
  });
  document.addEventListener("DOMContentLoaded", giveBack);

  // A plain form is sent once, however often its button is tapped.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post") || form.hasAttribute("data-draft")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    window.setTimeout(() => delete form.dataset.sent, 8000);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // --- Connection and unsent work, in the top line ------------------------------------------------------------------

  // The list holds addresses and no personal data: {path: since}. draft.js writes it.
  function unsentKey() {
    return "gedang.unsent." + (body.dataset.staff || "");
  }

  gedang.unsent = function () {
    try {
      return JSON.parse(window.localStorage.getItem(unsentKey()) || "{}");
    } catch (error) {
      return {};
    }
  };

  gedang.markUnsent = function (path, waiting) {
    const list = gedang.unsent();
    if (waiting) list[path] = Date.now();
    else delete list[path];
    try {
      window.localStorage.setItem(unsentKey(), JSON.stringify(list));
    } catch (error) {
      window.console.warn("unsent work could not be listed", error.name);
    }
    showSync();
  };

  // How much waits: asked for after the page, kept by the browser for a minute; without an answer the sign stays bare.
  function showInbox() {
    const link = document.querySelector("[data-inbox]");
    if (!link || !window.fetch) return;
    window
      .fetch(link.dataset.inbox, { headers: { Accept: "application/json" }, credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.json() : { count: 0 }))
      .then((waits) => {
        const figure = link.querySelector("[data-inbox-figure]");
        figure.hidden = !waits.count;
        figure.textContent = waits.count > 99 ? "99+" : String(waits.count);
        figure.classList.toggle("is-overdue", waits.overdue > 0);
        if (!waits.count) return;
        link.querySelector("[data-inbox-text]").textContent = " · " + waits.text;
        link.title = waits.text;
      })
      .catch(() => {});
  }
  document.addEventListener("DOMContentLoaded", showInbox);

  function showSync() {
    const chip = document.querySelector("[data-sync]");
    if (!chip) return;
    const paths = Object.keys(gedang.unsent());
    const online = window.navigator.onLine !== false;
    chip.hidden = online && !paths.length;
    chip.classList.toggle("sync-waiting", !chip.hidden);
    const parts = [];
    if (!online) parts.push(gedang.word("noNetwork"));
    if (paths.length) parts.push(gedang.word("unsent", String(paths.length)));
    chip.querySelector("[data-sync-text]").textContent = parts.join(" · ");
    if (paths.length) chip.href = paths[0];
  }
  window.addEventListener("online", showSync);
  window.addEventListener("offline", showSync);
  document.addEventListener("DOMContentLoaded", showSync);
})();
