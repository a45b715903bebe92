// How figures are written where a script draws them: like config/lib/display.py does on the page.
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});
  const SCALE = { count: 1, yuan: 1, wan: 1 / 10000, ratio: 100 };
  const PLACES = { count: 0, yuan: 0, wan: 2, ratio: 2 };

  gedang.group = function (value, places) {
    const parts = Math.abs(value).toFixed(places).split(".");
    parts[0] = parts[0].replace(/\B(?=(\d{3})+$)/g, ",");
    return (value < 0 ? "\u2212" : "") + parts.join(".");
  };

  // As drawn: 万元 and per cent are scaled. null stays null: nothing is not zero.
  gedang.scale = function (value, format) {
    return value === null || value === undefined || value === "" ? null : Number(value) * (SCALE[format] || 1);
  };

  // A scaled value in words; short on axes and labels, where the unit stands elsewhere.
  gedang.writeScaled = function (value, format, unit, short) {
    if (value === null || value === undefined) return "—";
    const whole = Math.abs(value % 1) < 1e-9;
    const places = short ? (whole ? 0 : format === "wan" ? 2 : 1) : PLACES[format] || 0;
    return gedang.group(value, places) + (format === "ratio" ? " %" : !short && unit ? " " + unit : "");
  };

  gedang.writeFigure = function (value, format, unit) {
    return gedang.writeScaled(gedang.scale(value, format), format, unit, false);
  };
})();
