/* What is filled in outlives the page: the browser keeps it, as it keeps what was typed in Chat. */
watch("value", () => {
  if (props.value) window.workbench.store.set("workbench_training", props.value);
});
