/* A file that the server makes while it sends it: the browser is sent to its address, which holds once. */
watch("value", () => {
  if (!props.value) return;
  const link = document.createElement("a");
  link.href = `.${props.value}`;
  link.download = "";
  link.click();
});
