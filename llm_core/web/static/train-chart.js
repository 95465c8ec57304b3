/* The curves of a run: what the server sends is drawn by <wb-chart> (chart.js), and stays where one looks. */
const draw = () => {
  const charts = [...element.querySelectorAll("wb-chart")];
  charts.forEach((chart, at) => {
    chart.spec = props.value?.[at] ?? null;
    chart.hidden = !chart.spec?.series.length;
  });
  element.classList.toggle("empty", !charts.some((chart) => chart.spec?.series.length));
};
watch("value", draw);
draw();
