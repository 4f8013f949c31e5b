// Before the page is drawn, so that it does not flash: the theme that was chosen in this browser.
(function () {
  var theme = null;
  try { theme = localStorage.getItem("orders.theme"); } catch (error) { /* not allowed: the system's */ }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
