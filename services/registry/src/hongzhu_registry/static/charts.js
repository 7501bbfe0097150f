// Draws what stands in data-chart: {kind: "columns" | "bars" | "line", labels, series: [{name, values, href}], unit}.
// Colours are the page's own, so that light, dark and print each have theirs.
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const charts = [];

const small = () => ({ color: colour("--soft"), fontSize: 13 });
const axis = (more, formatter) => ({
  axisLine: { lineStyle: { color: colour("--line") } }, axisTick: { show: false }, axisLabel: { ...small(), hideOverlap: true, formatter },
  splitLine: { lineStyle: { color: colour("--line") } }, ...more,
});

const option = ({ kind, labels, series, unit }) => {
  const palette = [colour("--accent"), colour("--second"), colour("--third"), colour("--soft")];
  // A canvas inherits no font: it is told the page's.
  const text = { color: colour("--ink"), fontFamily: getComputedStyle(document.body).fontFamily };
  const shared = {
    animation: false, color: palette, textStyle: text, aria: { enabled: false },
    grid: { left: 8, right: kind === "bars" ? 44 : 16, top: 16, bottom: 8, containLabel: true },
  };
  const category = axis({ type: "category", data: labels, inverse: kind === "bars", splitLine: { show: false } });
  if (kind === "bars") Object.assign(category.axisLabel, { width: 150, overflow: "break" });
  // Any other unit is in the caption; beside a bar stands its number.
  const value = unit === "%" ? axis({ type: "value", max: 100 }, "{value}%") : axis({ type: "value" });
  if (kind === "bars") value.axisLabel.show = false;
  return { ...shared,
    xAxis: kind === "bars" ? value : category, yAxis: kind === "bars" ? category : value,
    series: series.map((each) => ({ name: each.name, data: each.values, type: kind === "line" ? "line" : "bar", barMaxWidth: 28, label: { show: kind === "bars", position: "right", ...small() }, symbolSize: 6, connectNulls: false,
      lineStyle: { width: 2.5 }, itemStyle: { borderRadius: kind === "bars" ? [0, 3, 3, 0] : [3, 3, 0, 0] } })) };
};

const draw = (place) => {
  const data = JSON.parse(place.dataset.chart);
  if (data.kind === "bars") place.style.height = `${data.labels.length * 26 + 80}px`;
  const chart = echarts.init(place, null, { renderer: "canvas" });
  chart.setOption(option(data));
  chart.on("click", (event) => {
    const href = data.hrefs?.[event.dataIndex];
    if (href) location.href = href;
  });
  charts.push([chart, data]);
};

document.querySelectorAll("[data-chart]").forEach(draw);
window.addEventListener("resize", () => charts.forEach(([chart]) => chart.resize()));
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach(([chart, data]) => chart.setOption(option(data))));
