/* A recorded run: the slider says up to where its curve and which of its samples are shown. */
const chart = element.querySelector("wb-chart");
const slider = element.querySelector("input");
const told = element.querySelector(".meter");
const said = element.querySelector("tbody");
const show = () => {
  const run = props.value;
  if (!run?.looks) return;
  const look = run.looks[slider.value];
  const upTo = (one) => ({ ...one, points: one.points.filter(([step]) => step <= look.step) });
  chart.spec = { ...run.chart, series: run.chart.series.map(upTo) };
  told.textContent = slider.ariaValueText = look.told;
  said.replaceChildren(...look.samples.map((sample, at) => {
    const row = document.createElement("tr");
    for (const text of [run.prompts[at] ?? "", sample]) {
      const cell = row.insertCell();
      cell.className = "text";
      cell.textContent = text;
    }
    return row;
  }));
};
const begin = () => {
  const looks = props.value?.looks?.length ?? 0;
  element.querySelector(".replay").hidden = !looks;
  slider.max = Math.max(0, looks - 1);
  slider.value = slider.max;
  slider.ariaLabel = props.value?.label ?? "";
  show();
};
slider.addEventListener("input", show);
watch("value", begin);
begin();
