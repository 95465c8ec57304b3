/* A file that the server sent becomes one on the visitor's disk; no copy of it lies on the server. */
watch("value", () => {
  if (!props.value) return;
  const { name, data } = JSON.parse(props.value);
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
