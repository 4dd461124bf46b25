// Before anything is shown: the choice that a reader has made between dark and light.
try {
  const theme = localStorage.getItem("pyrois-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Nothing is kept where storage is forbidden.
}
