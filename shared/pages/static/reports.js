// Draws the charts of reports from the tables below them: the tables are the truth, and are there without this as well.
(() => {
  "use strict";
  const HEIGHT = 220;
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Breached is hatched, so that it is told apart without its color.
  const hatched = (context) => {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = color("--late");
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = color("--surface");
    pen.lineWidth = 2;
    for (const from of [-8, 0, 8]) {
      pen.beginPath();
      pen.moveTo(from, 8);
      pen.lineTo(from + 8, 0);
      pen.stroke();
    }
    return context.createPattern(tile, "repeat");
  };

  const draw = (place) => {
    const rows = [...document.getElementById(place.dataset.chart).querySelectorAll("[data-at]")];
    const met = rows.map((row) => Number(row.dataset.met));
    const all = rows.map((row, at) => met[at] + Number(row.dataset.breached));
    const bars = uPlot.paths.bars({ size: [0.7, 48] });
    const axis = () => ({ stroke: color("--muted"), grid: { stroke: color("--border"), width: 1 }, ticks: { stroke: color("--border") } });
    const width = () => Math.max(200, place.clientWidth);
    place.hidden = false;
    const chart = new uPlot({
      width: width(),
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: [-0.6, rows.length - 0.4] }, y: { range: (_, least, most) => [0, Math.max(1, most)] } },
      axes: [
        { ...axis(), grid: { show: false }, incrs: [1, 2, 5, 7, 10, 14, 30, 60, 90], space: 64, values: (_, at) => at.map((each) => rows[each]?.dataset.at ?? "") },
        { ...axis(), size: 48, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5] },
      ],
      series: [
        {},
        { paths: bars, points: { show: false }, fill: (self) => hatched(self.ctx), stroke: color("--late"), width: 1 },
        { paths: bars, points: { show: false }, fill: color("--ok"), stroke: color("--ok"), width: 1 },
      ],
    }, [rows.map((_, at) => at), all, met], place);
    const resized = new ResizeObserver(() => { if (Math.abs(chart.width - width()) > 1) chart.setSize({ width: width(), height: HEIGHT }); });
    resized.observe(place);
    return () => { resized.disconnect(); chart.destroy(); };
  };

  let undo = [];
  const drawAll = () => {
    for (const each of undo) each();
    undo = [...document.querySelectorAll("[data-chart]")].map(draw);
    for (const legend of document.querySelectorAll("[data-legend]")) legend.hidden = false;
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  drawAll();
})();
