// Plots are drawn from the tables beside them, so that a page without scripts shows the same figures.
"use strict";

const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function cells(table) {
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  const read = (row, column) => {
    const value = row.cells[column].dataset.value ?? "";
    return value === "" ? null : Number(value);
  };
  return {
    dates: rows.map((row) => Date.parse(row.cells[0].dataset.value + "T00:00:00Z") / 1000),
    series: heads.flatMap((head, column) =>
      head.dataset.plot === undefined ? [] : [{
        label: head.textContent.trim(),
        unit: head.dataset.unit ?? "",
        values: rows.map((row) => read(row, column)),
      }]),
  };
}

function draw(holder) {
  const table = document.getElementById(holder.dataset.of);
  const { dates, series } = cells(table);
  const wanted = series[Number(holder.dataset.column)];
  const told = (value) => (value === null || value === undefined ? "–" : `${Math.round(value * 10) / 10}${wanted.unit}`);
  const day = (seconds) => new Date(seconds * 1000).toLocaleDateString("en-US", { day: "numeric", month: "short", timeZone: "UTC" });
  const isBar = holder.dataset.as === "bars";
  const axis = { stroke: ink("--soft"), grid: { stroke: ink("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  holder.replaceChildren();
  return new uPlot({
    width: holder.clientWidth,
    height: 170,
    title: holder.dataset.title,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_, low, high) => [0, wanted.unit === "%" ? 100 : Math.max(1, (high ?? 1) * 1.1)] } },
    axes: [
      { ...axis, values: (_, marks) => marks.map(day) },
      { ...axis, size: 52, values: (_, marks) => marks.map((mark) => told(mark)) },
    ],
    series: [
      { label: "Day", value: (_, seconds) => (seconds === null ? "–" : day(seconds)) },
      {
        label: wanted.label,
        value: (_, value) => told(value),
        stroke: ink("--accent"),
        fill: isBar ? ink("--h2") : undefined,
        width: 2,
        spanGaps: true,
        paths: isBar ? uPlot.paths.bars({ size: [0.7, 40] }) : undefined,
        points: { show: !isBar, size: 5, fill: ink("--accent") },
      },
    ],
  }, [dates, isBar ? wanted.values.map((value) => value || null) : wanted.values], holder);
}

function drawAll() {
  for (const holder of document.querySelectorAll(".plot[data-of]")) {
    holder.chart?.destroy();
    holder.chart = draw(holder);
  }
}

// What scrolls sideways can be reached and scrolled with the keyboard.
function nameScrollers() {
  for (const wide of document.querySelectorAll(".wide")) {
    const scrolls = wide.scrollWidth > wide.clientWidth;
    wide.toggleAttribute("tabindex", scrolls);
    if (!scrolls) continue;
    const headings = [...document.querySelectorAll("h1, h2, h3")];
    const above = headings.filter((one) => one.compareDocumentPosition(wide) & Node.DOCUMENT_POSITION_FOLLOWING);
    wide.tabIndex = 0;
    wide.setAttribute("role", "group");
    wide.setAttribute("aria-label", (wide.querySelector("caption") ?? above.at(-1))?.textContent.trim() ?? "Table");
  }
}

function ready() {
  drawAll();
  nameScrollers();
}

addEventListener("DOMContentLoaded", () => {
  ready();
  let waiting = 0;
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(ready, 150);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  document.addEventListener("htmx:after:swap", ready);
  document.addEventListener("toggle", nameScrollers, true);
  for (const chooser of document.querySelectorAll("select[data-go]")) {
    chooser.addEventListener("change", () => chooser.form.requestSubmit());
  }
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, select, textarea");
    if (event.key === "/" && !isTyping) {
      const search = document.querySelector("input[type=search]");
      if (search) {
        event.preventDefault();
        search.focus();
      }
    }
  });
});
