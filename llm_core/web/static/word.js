/* What else a word could have been is shown where it can be seen. */
watch("value", () => element.querySelector(".instead")?.scrollIntoView({ block: "nearest" }));
