/* A text that the server sent becomes a file on the visitor's disk; no copy of it lies on the server. */
watch("value", () => {
  if (!props.value) return;
  const { name, text } = JSON.parse(props.value);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
