// Sliders beside number fields: [data-slide="<id of the field>"] holds an input[type=range] without a name. What is sent is the
// field; the slider follows it and writes into it. Without this script the field stands alone.
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});

  const rangeOf = (slide) => slide.querySelector("input[type=range]");
  const fieldOf = (slide) => document.getElementById(slide.dataset.slide);

  function say(slide) {
    const value = Number(rangeOf(slide).value);
    const places = (rangeOf(slide).step.split(".")[1] || "").length;
    const unit = slide.dataset.unitSaid;
    rangeOf(slide).setAttribute("aria-valuetext", gedang.group(value, places) + (unit ? " " + unit : ""));
  }

  // An empty field stands for the usual value; what is no number leaves the slider where it is.
  function follow(slide) {
    const text = fieldOf(slide).value.normalize("NFKC").replace(/[,\s]/g, "") || rangeOf(slide).dataset.usual;
    if (text && isFinite(Number(text))) rangeOf(slide).value = text;
    say(slide);
  }

  function start() {
    document.querySelectorAll("[data-slide]").forEach((slide) => {
      slide.hidden = false;
      follow(slide);
    });
  }

  document.addEventListener(
    "input",
    (event) => {
      const slide = event.target.closest("[data-slide]");
      if (slide) {
        fieldOf(slide).value = event.target.value;
        say(slide);
      } else if (event.target.id) {
        const beside = document.querySelector("[data-slide='" + event.target.id + "']");
        if (beside) follow(beside);
      }
    },
    true // before the form asks for the figures
  );
  document.addEventListener("click", (event) => {
    const back = event.target.closest("[data-slide-back]");
    if (!back) return;
    const slide = back.closest("[data-slide]");
    fieldOf(slide).value = rangeOf(slide).dataset.usual;
    fieldOf(slide).dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("gedang:restored", (event) => {
    start();
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.addEventListener("DOMContentLoaded", start);
})();
