// The county on a blank canvas: grids as GeoJSON, coloured by a figure one chooses. No tiles, no other host.
// <div data-map="<id of geojson>" data-figures="<id of figures>"> with [data-map-canvas], [data-map-figure] (a select) and
// [data-map-legend]. Feature properties: label, note, url, values {figure: number or null}. Figures: {key, label, format,
// unit, breaks}; without breaks the values are cut into fifths of equally many grids. With data-map-src="<address>" the
// GeoJSON is fetched (and kept by its entity tag). A feature with "here" true is drawn with a strong border.
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});
  const RAMP = ["#dcebe3", "#aed2bf", "#78b295", "#3f8b6b", "#14553f"];
  const NONE = "#f7f9f8";

  function cut(values, figure) {
    if (figure.breaks) return figure.breaks.map(Number);
    const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
    const cuts = [];
    for (let part = 1; part < RAMP.length; part += 1) {
      const at = sorted[Math.floor((sorted.length * part) / RAMP.length)];
      if (at !== undefined && at !== cuts[cuts.length - 1] && at !== sorted[0]) cuts.push(at);
    }
    return cuts;
  }

  function shade(value, cuts) {
    if (value === null || value === undefined) return NONE;
    let at = 0;
    while (at < cuts.length && value >= cuts[at]) at += 1;
    // few cuts still use the whole ramp
    return RAMP[cuts.length ? Math.round((at * (RAMP.length - 1)) / cuts.length) : RAMP.length - 1];
  }

  function numberOf(feature, figure) {
    const value = (feature.properties.values || {})[figure.key];
    return value === null || value === undefined || value === "" ? null : Number(value);
  }

  function tooltip(feature, figure) {
    const box = document.createElement("div");
    const name = document.createElement("strong");
    name.textContent = feature.properties.label;
    box.appendChild(name);
    box.appendChild(
      document.createTextNode(figure.label + " " + gedang.writeFigure(numberOf(feature, figure), figure.format, figure.unit))
    );
    if (feature.properties.note) {
      box.appendChild(document.createElement("br"));
      box.appendChild(document.createTextNode(feature.properties.note));
    }
    return box;
  }

  function legend(list, cuts, figure, hasNone) {
    list.textContent = "";
    const write = (value) => gedang.writeFigure(value, figure.format, figure.unit);
    const entries = [];
    if (cuts.length) {
      cuts.forEach((at, index) => entries.push([shade(index ? cuts[index - 1] : at - 1e-9, cuts), index ? write(cuts[index - 1]) + " – " + write(at) : "< " + write(at)]));
      entries.push([shade(cuts[cuts.length - 1], cuts), "≥ " + write(cuts[cuts.length - 1])]);
    }
    if (hasNone) entries.push([NONE, gedang.word("noData")]);
    entries.forEach(([fill, text]) => {
      const item = document.createElement("li");
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const patch = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      svg.setAttribute("aria-hidden", "true");
      [["width", "16"], ["height", "12"], ["rx", "2"], ["fill", fill], ["stroke", "#8da197"]].forEach(([name, value]) => patch.setAttribute(name, value));
      svg.appendChild(patch);
      item.appendChild(svg);
      item.appendChild(document.createTextNode(text));
      list.appendChild(item);
    });
  }

  gedang.drawMap = function (box) {
    const L = window.L;
    const canvas = box.querySelector("[data-map-canvas]");
    if (!L || canvas.dataset.drawn) return;
    canvas.dataset.drawn = "1";
    if (!box.dataset.mapSrc) {
      draw(box, canvas, JSON.parse(document.getElementById(box.dataset.map).textContent));
      return;
    }
    window
      .fetch(box.dataset.mapSrc, { credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
      .then((shapes) => draw(box, canvas, shapes))
      .catch(() => {
        delete canvas.dataset.drawn;
        const again = (event) => {
          event.target.closest(".result").remove();
          gedang.drawMap(box);
        };
        box.insertBefore(gedang.result("red", gedang.word("offline"), [{ label: gedang.word("retry"), run: again }]), canvas);
      });
  };

  function draw(box, canvas, shapes) {
    const L = window.L;
    const figures = JSON.parse(document.getElementById(box.dataset.figures).textContent);
    const select = box.querySelector("[data-map-figure]");
    const map = L.map(canvas, {
      attributionControl: false,
      preferCanvas: true,
      zoomSnap: 0.25,
      scrollWheelZoom: false, // the page scrolls; the map zooms by its buttons or two fingers
      dragging: !L.Browser.mobile || undefined,
    });
    let figure = figures[0];
    let cuts = [];

    const style = (feature) => ({
      color: feature.properties.here ? "#1b2420" : "#6f8f80",
      weight: feature.properties.here ? 3 : 0.8,
      fillColor: shade(numberOf(feature, figure), cuts),
      fillOpacity: 1,
    });
    const layer = L.geoJSON(shapes, {
      style: style,
      pointToLayer: (feature, at) => L.circleMarker(at, { radius: 6 }),
      onEachFeature: (feature, shape) => {
        shape.bindTooltip(() => tooltip(feature, figure), { sticky: true });
        shape.on("mouseover", () => shape.setStyle({ weight: 2.5, color: "#1b2420" }));
        shape.on("mouseout", () => layer.resetStyle(shape));
        if (feature.properties.here) shape.on("add", () => shape.bringToFront());
        shape.on("click", () => {
          if (feature.properties.url && !L.Browser.mobile) window.location.assign(feature.properties.url);
        });
        if (feature.properties.url && L.Browser.mobile) {
          shape.bindPopup(() => {
            const box = tooltip(feature, figure);
            const link = document.createElement("a");
            link.href = feature.properties.url;
            link.textContent = "→";
            link.setAttribute("aria-label", feature.properties.label);
            box.appendChild(document.createTextNode(" "));
            box.appendChild(link);
            return box;
          });
        }
      },
    }).addTo(map);

    function paint() {
      const values = shapes.features.map((feature) => numberOf(feature, figure));
      cuts = cut(values, figure);
      layer.setStyle(style);
      legend(box.querySelector("[data-map-legend]"), cuts, figure, values.indexOf(null) >= 0);
    }
    if (shapes.features.length) map.fitBounds(layer.getBounds(), { padding: [8, 8] });
    paint();
    if (select) {
      select.addEventListener("change", () => {
        figure = figures.filter((one) => one.key === select.value)[0] || figures[0];
        paint();
      });
    }
  }

  function start(root) {
    root.querySelectorAll("[data-map], [data-map-src]").forEach(gedang.drawMap);
  }
  document.addEventListener("DOMContentLoaded", () => start(document));
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt.querySelectorAll) start(event.detail.elt);
  });
})();
