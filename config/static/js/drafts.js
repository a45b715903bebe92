// Where drafts lie: IndexedDB, encrypted with a key the server hands to the signed-in person. Without that key, and for
// any other person on the same device, they are noise. What a record says in clear: whose, which page, when.
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});
  const NAME = "gedang-drafts";

  function wait(request) {
    return new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  function open() {
    return new Promise((resolve, reject) => {
      const request = window.indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("drafts", { keyPath: "id" });
        request.result.createObjectStore("photos", { keyPath: "id" }).createIndex("draft", "draft");
      };
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close();
        resolve(request.result);
      };
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("blocked"));
    });
  }

  // A transaction that is done only when it is on the disk; its error carries the quota's name.
  function within(database, mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(["drafts", "photos"], mode);
      let answer;
      transaction.oncomplete = () => resolve(answer);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error || new Error("aborted"));
      Promise.resolve(work(transaction)).then(
        (value) => (answer = value),
        (error) => {
          reject(error);
          if (transaction.error === null) transaction.abort();
        }
      );
    });
  }

  function bytes(text) {
    const raw = window.atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(raw, (char) => char.charCodeAt(0));
  }

  function bound(id) {
    return new TextEncoder().encode(id); // a record moved to another name or person does not open
  }

  function seal(key, id, plain) {
    const nonce = window.crypto.getRandomValues(new Uint8Array(12));
    return window.crypto.subtle
      .encrypt({ name: "AES-GCM", iv: nonce, additionalData: bound(id) }, key, plain)
      .then((sealed) => ({ nonce: nonce, sealed: sealed }));
  }

  function unseal(key, id, record) {
    return window.crypto.subtle.decrypt(
      { name: "AES-GCM", iv: record.nonce, additionalData: bound(id) },
      key,
      record.sealed
    );
  }

  gedang.draftsPossible = function () {
    return Boolean(window.crypto && window.crypto.subtle && window.indexedDB && window.TextEncoder);
  };

  // Ask the server for the person's key: {"key": base64 of 32 bytes}. The key itself never touches the disk.
  function askKey(url) {
    return window
      .fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" }, cache: "no-store" })
      .then((response) => {
        if (!response.ok) throw new Error("key " + response.status);
        return response.json();
      })
      .then((answer) => window.crypto.subtle.importKey("raw", bytes(answer.key), "AES-GCM", false, ["encrypt", "decrypt"]));
  }

  // The place of one form's draft. Resolves to {read, write, addPhoto, removePhoto, clear}.
  gedang.openDraft = function (keyUrl, staff, name) {
    const id = staff + "|" + name;
    return Promise.all([askKey(keyUrl), open()]).then(([key, database]) => ({
      // {fields, waiting, savedAt, photos} or null; rejects with name "OperationError" when the key does not fit
      read: () =>
        within(database, "readonly", (transaction) =>
          Promise.all([
            wait(transaction.objectStore("drafts").get(id)),
            wait(transaction.objectStore("photos").index("draft").getAll(id)),
          ])
        ).then(([record, photos]) => {
          if (!record && !photos.length) return null;
          const text = record ? unseal(key, id, record) : Promise.resolve(null);
          return Promise.all([
            text,
            Promise.all(
              photos.map((photo) =>
                unseal(key, photo.id, photo).then((plain) => ({
                  id: photo.id.slice(id.length + 1),
                  name: photo.name,
                  takenAt: photo.takenAt,
                  blob: new Blob([plain], { type: "image/jpeg" }),
                }))
              )
            ),
          ]).then(([plain, shown]) => ({
            fields: plain ? JSON.parse(new TextDecoder().decode(plain)).fields : [],
            waiting: Boolean(record && record.waiting),
            savedAt: record ? record.savedAt : Date.now(),
            photos: shown,
          }));
        }),
      write: (fields, path, waiting) =>
        seal(key, id, new TextEncoder().encode(JSON.stringify({ fields: fields }))).then((box) => {
          const record = Object.assign({ id: id, staff: staff, path: path, savedAt: Date.now(), waiting: waiting }, box);
          return within(database, "readwrite", (transaction) =>
            wait(transaction.objectStore("drafts").put(record)).then(() => record.savedAt)
          );
        }),
      addPhoto: (photo) => {
        const photoId = id + "|" + photo.id;
        return new Response(photo.blob)
          .arrayBuffer()
          .then((plain) => seal(key, photoId, plain))
          .then((box) => {
            const record = Object.assign({ id: photoId, draft: id, name: photo.name, takenAt: photo.takenAt }, box);
            return within(database, "readwrite", (transaction) => wait(transaction.objectStore("photos").put(record)));
          });
      },
      removePhoto: (photoId) =>
        within(database, "readwrite", (transaction) => wait(transaction.objectStore("photos").delete(id + "|" + photoId))),
      clear: () =>
        within(database, "readwrite", (transaction) => {
          transaction.objectStore("drafts").delete(id);
          const photos = transaction.objectStore("photos");
          return wait(photos.index("draft").getAllKeys(id)).then((keys) => {
            keys.forEach((one) => photos.delete(one));
          });
        }),
    }));
  };
})();
