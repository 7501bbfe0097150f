// Draws what stands in data-chart: {kind: "columns" | "bars" | "line" | "heat", labels, series: [{name, values, href}], unit}.
// Colours are the page's own, so that light, dark and print each have theirs.
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const charts = [];

const axis = (more) => ({
  axisLine: { lineStyle: { color: colour("--line") } }, axisTick: { show: false }, axisLabel: { color: colour("--soft"), fontSize: 13 },
  splitLine: { lineStyle: { color: colour("--line") } }, ...more,
});

const option = ({ kind, labels, series, unit, rows }) => {
  const palette = [colour("--accent"), colour("--second"), colour("--third"), colour("--soft")];
  const text = { color: colour("--ink"), fontFamily: "inherit" };
  const shared = {
    animation: false, color: palette, textStyle: text, aria: { enabled: false },
    grid: { left: 8, right: 16, top: series.length > 1 ? 40 : 16, bottom: 8, containLabel: true },
    legend: { show: series.length > 1 && kind !== "heat", top: 0, textStyle: { color: colour("--soft") } },
    // Drawn on the canvas: a tooltip of the page's own would carry its style in itself, which the page forbids.
    tooltip: { trigger: kind === "heat" ? "item" : "axis", renderMode: "richText", confine: true, backgroundColor: colour("--sheet"), borderColor: colour("--line"), textStyle: { color: colour("--ink") },
      valueFormatter: (value) => (value == null ? "–" : `${value}${unit ?? ""}`) },
  };
  if (kind === "heat") {
    const cells = series.flatMap((row, y) => row.values.map((value, x) => [x, y, value ?? "-"]));
    return { ...shared, grid: { ...shared.grid, top: 8, bottom: 48 },
      xAxis: axis({ type: "category", data: labels, splitArea: { show: false } }),
      yAxis: axis({ type: "category", data: series.map((row) => row.name), inverse: true }),
      visualMap: { min: 0, max: Math.max(1, ...cells.map((cell) => Number(cell[2]) || 0)), orient: "horizontal", left: "center", bottom: 0, calculable: false,
        inRange: { color: [colour("--sheet"), colour("--glow"), colour("--accent")] }, textStyle: { color: colour("--soft") } },
      series: [{ type: "heatmap", data: cells, itemStyle: { borderColor: colour("--sheet"), borderWidth: 2, borderRadius: 3 } }] };
  }
  const category = axis({ type: "category", data: labels, inverse: kind === "bars", splitLine: { show: false } });
  const value = axis({ type: "value", max: unit === "%" ? 100 : undefined, axisLabel: { color: colour("--soft"), formatter: `{value}${unit ?? ""}` } });
  return { ...shared,
    xAxis: kind === "bars" ? value : category, yAxis: kind === "bars" ? category : value,
    series: series.map((each) => ({ name: each.name, data: each.values, type: kind === "line" ? "line" : "bar", barMaxWidth: 28, symbolSize: 6, connectNulls: false,
      lineStyle: { width: 2.5 }, itemStyle: { borderRadius: kind === "bars" ? [0, 3, 3, 0] : [3, 3, 0, 0] } })) };
};

const draw = (place) => {
  const data = JSON.parse(place.dataset.chart);
  const rows = data.kind === "bars" || data.kind === "heat" ? (data.kind === "bars" ? data.labels.length : data.series.length) : 0;
  if (rows) place.style.height = `${rows * 26 + 80}px`;
  const chart = echarts.init(place, null, { renderer: "canvas" });
  chart.setOption(option(data));
  chart.on("click", (event) => {
    const row = data.kind === "heat" ? event.value[1] : event.dataIndex;
    const opened = data.hrefs?.[row];
    const href = Array.isArray(opened) ? opened[event.value[0]] : opened;  // of a heat map each cell may open its own
    if (href) location.href = href;
  });
  charts.push([chart, data]);
  place.removeAttribute("data-chart");
};

const drawAll = () => document.querySelectorAll("[data-chart]").forEach(draw);
drawAll();
document.addEventListener("htmx:afterSettle", drawAll);  // a part of the page that came later
window.addEventListener("resize", () => charts.forEach(([chart]) => chart.resize()));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach(([chart, data]) => chart.setOption(option(data))));
