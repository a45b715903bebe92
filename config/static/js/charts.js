// Charts from the data beside them: <figure data-chart="<id of a json script>"> with a .chart-canvas inside.
// {kind: trend | bars | histogram | waterfall, format: count | wan | yuan | ratio, unit, labels, series: [{name, values,
// urls, dashed}], kinds (waterfall: start, add, sub, cap, total), marks: [{label, at}], horizontal, stacked}
// Values are exact strings or numbers; money arrives in yuan, ratios from 0 to 1. The same figures stand in a table below.
(function () {
  "use strict";
  const gedang = (window.gedang = window.gedang || {});
  const style = window.getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue("--g-" + name).trim();
  const PALETTE = [1, 2, 3, 4, 5, 6].map((n) => color("chart-" + n));
  const SIGNS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin"];
  const DASHES = ["solid", [6, 3], [2, 3], [8, 3, 2, 3], "solid", [6, 3]];

  const drawn = (value, chart) => gedang.scale(value, chart.format);
  const writeDrawn = (value, chart, short) => gedang.writeScaled(value, chart.format, chart.unit, short);

  function frame(chart) {
    const text = { color: color("ink-2"), fontFamily: style.getPropertyValue("--g-font"), fontSize: 12 };
    const categories = {
      type: "category",
      data: chart.labels,
      axisLine: { lineStyle: { color: color("line-2") } },
      axisTick: { show: false },
      axisLabel: Object.assign({}, text, { hideOverlap: true, interval: chart.kind === "waterfall" ? 0 : "auto" }),
      inverse: Boolean(chart.horizontal),
    };
    const values = {
      type: "value",
      name: chart.format === "ratio" ? "%" : chart.unit || "",
      nameTextStyle: Object.assign({ align: chart.horizontal ? "right" : "left" }, text),
      splitLine: { lineStyle: { color: "#e9eeeb" } },
      axisLabel: Object.assign({}, text, { formatter: (value) => writeDrawn(value, chart, true).replace(" %", "") }),
      minInterval: chart.format === "count" ? 1 : undefined,
    };
    return {
      color: PALETTE,
      textStyle: text,
      aria: { enabled: true, decal: { show: false } },
      animation: false,
      grid: { left: 8, right: 16, top: chart.series.length > 1 ? 44 : 30, bottom: 8, containLabel: true },
      legend: chart.series.length > 1 ? { top: 0, left: 0, itemWidth: 22, itemHeight: 9, textStyle: text } : undefined,
      tooltip: {
        trigger: "axis",
        renderMode: "richText", // drawn on the canvas: the page allows no style attributes
        confine: true,
        backgroundColor: "#fff",
        borderColor: color("line-2"),
        textStyle: Object.assign({}, text, { color: color("ink"), fontSize: 13 }),
        axisPointer: { type: chart.kind === "trend" ? "line" : "shadow", shadowStyle: { color: "rgba(20,85,63,0.06)" } },
        formatter: (points) => {
          const rows = points.filter((point) => point.seriesName.charAt(0) !== "\u200b");
          return [points[0].axisValueLabel || points[0].name]
            .concat(rows.map((point) => point.seriesName + "  " + writeDrawn(real(point), chart, false)))
            .join("\n");
        },
      },
      xAxis: chart.horizontal ? values : categories,
      yAxis: chart.horizontal ? categories : values,
    };
  }

  function real(point) {
    return point.data && point.data.real !== undefined ? point.data.real : point.value;
  }

  function trend(chart) {
    const option = frame(chart);
    option.xAxis.boundaryGap = false;
    option.grid.right = 28;
    option.series = chart.series.map((one, index) => ({
      type: "line",
      name: one.name,
      data: one.values.map((value, at) => ({ value: drawn(value, chart), url: one.urls && one.urls[at] })),
      symbol: SIGNS[index % SIGNS.length],
      symbolSize: 7,
      lineStyle: { width: 2.25, type: one.dashed ? [4, 4] : DASHES[index % DASHES.length] },
      connectNulls: false,
    }));
    return option;
  }

  function bars(chart) {
    const option = frame(chart);
    option.series = chart.series.map((one, index) => ({
      type: "bar",
      name: one.name,
      stack: chart.stacked ? "all" : undefined,
      barMaxWidth: 34,
      barCategoryGap: chart.kind === "histogram" ? "6%" : "34%",
      itemStyle: { borderRadius: chart.stacked ? 0 : chart.horizontal ? [0, 3, 3, 0] : [3, 3, 0, 0] },
      data: one.values.map((value, at) => ({ value: drawn(value, chart), url: one.urls && one.urls[at] })),
      label:
        chart.series.length === 1 && chart.labels.length <= 14
          ? { show: true, position: chart.horizontal ? "right" : "top", formatter: (p) => writeDrawn(p.value, chart, true), color: color("ink-2"), fontSize: 12 }
          : undefined,
      markLine: index === 0 && chart.marks ? marks(chart) : undefined,
    }));
    if (chart.kind === "histogram") option.series.forEach((one) => (one.barMaxWidth = 80));
    return option;
  }

  // Marks stand at a label (x) of the chart, such as the cap that bit.
  function marks(chart) {
    return {
      symbol: "none",
      lineStyle: { color: color("ink"), type: "dashed" },
      label: { color: color("ink"), fontSize: 12 },
      data: chart.marks.map((mark) => ({ xAxis: mark.at, name: mark.label, label: { formatter: mark.label } })),
    };
  }

  // Steps from the formulas to the final figure: an unseen bar carries each step at its height.
  function waterfall(chart) {
    const option = frame(chart);
    const values = chart.series[0].values.map((value) => drawn(value, chart));
    const shades = { start: color("chart-5"), add: color("chart-1"), sub: color("chart-3"), cap: color("chart-6"), total: color("chart-1") };
    let height = 0;
    const under = [];
    const over = [];
    values.forEach((value, at) => {
      const kind = chart.kinds[at];
      const from = kind === "add" || kind === "sub" ? height : 0;
      const to = kind === "add" || kind === "sub" ? height + value : value;
      under.push(Math.min(from, to));
      over.push({ value: Math.abs(to - from), real: value, kind: kind, itemStyle: { color: shades[kind] || shades.add } });
      height = to;
    });
    option.series = [
      { type: "bar", name: "\u200b", stack: "steps", silent: true, data: under, itemStyle: { color: "transparent" }, tooltip: { show: false } },
      {
        type: "bar",
        name: chart.series[0].name,
        stack: "steps",
        barMaxWidth: 56,
        data: over,
        label: {
          show: true,
          position: "top",
          color: color("ink"),
          fontSize: 12,
          fontWeight: 600,
          formatter: (point) => (point.data.kind === "add" ? "+" : "") + writeDrawn(point.data.real, chart, true),
        },
      },
    ];
    option.legend = undefined;
    option.xAxis.axisLabel.interval = 0;
    option.xAxis.axisLabel.hideOverlap = false; // every step keeps its name; fit() breaks long ones
    return option;
  }

  const KINDS = { trend: trend, bars: bars, histogram: bars, waterfall: waterfall };

  // Chinese breaks anywhere; words in Latin letters, about half as wide, only where they are longer than a line.
  function broken(label, room) {
    if (!/^[\x20-\x7e]+$/.test(label)) return (label.match(new RegExp(".{1," + room + "}", "g")) || [label]).join("\n");
    const most = 2 * room + 1;
    return label.split(" ").reduce((lines, word) => {
      const parts = word.match(new RegExp(".{1," + most + "}", "g")) || [];
      const last = lines[lines.length - 1];
      if (last !== undefined && parts.length === 1 && last.length + 1 + word.length <= most) {
        return lines.slice(0, -1).concat(last + " " + word);
      }
      return lines.concat(parts);
    }, []).join("\n");
  }

  // Long names of steps break after so many characters on narrow screens.
  function fit(option, chart, width) {
    if (chart.kind !== "waterfall" || chart.horizontal) return;
    const room = Math.max(3, Math.floor((width - 56) / chart.labels.length / 13));
    option.xAxis.axisLabel.formatter = (label) => broken(label, room);
  }

  gedang.drawChart = function (figure) {
    const canvas = figure.querySelector(".chart-canvas");
    const chart = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    if (!window.echarts || !KINDS[chart.kind] || canvas.dataset.drawn) return;
    canvas.dataset.drawn = "1";
    const drawing = window.echarts.init(canvas, null, { renderer: "svg" });
    const draw = () => {
      const option = KINDS[chart.kind](chart);
      fit(option, chart, canvas.clientWidth);
      drawing.setOption(option, true);
    };
    draw();
    drawing.on("click", (point) => {
      if (point.data && point.data.url) window.location.assign(point.data.url);
    });
    let pause = 0;
    const resize = () => {
      window.clearTimeout(pause);
      pause = window.setTimeout(() => {
        drawing.resize();
        draw();
      }, 120);
    };
    const watcher = window.ResizeObserver ? new window.ResizeObserver(resize) : null;
    if (watcher) watcher.observe(canvas);
    else window.addEventListener("resize", resize);
    figure.addEventListener("htmx:beforeCleanupElement", (event) => {
      if (event.target !== figure) return; // its parts say so too
      window.clearTimeout(pause); // replaced by a newer one: nothing of it is drawn any more
      if (watcher) watcher.disconnect();
      else window.removeEventListener("resize", resize);
      drawing.dispose();
    });
  };

  function start(root) {
    root.querySelectorAll("[data-chart]").forEach(gedang.drawChart);
  }
  document.addEventListener("DOMContentLoaded", () => start(document));
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt.querySelectorAll) start(event.detail.elt);
  });
})();
