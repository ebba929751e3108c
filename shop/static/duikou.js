// Enhancement only: every page works without it.
(() => {
  "use strict";
  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // A box in a table's head picks all rows.
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-pick-all]")) {
      box.closest("table").querySelectorAll("tbody input[type=checkbox]").forEach((other) => { other.checked = box.checked; });
    } else if (box.matches("[data-submit-on-change]")) {
      box.form.requestSubmit();
    }
  });

  // Leaving a half-filled form asks first.
  let touched = false;
  document.querySelectorAll("form[data-keep]").forEach((form) => {
    form.addEventListener("input", () => { touched = true; });
    form.addEventListener("submit", () => { touched = false; });
  });
  addEventListener("beforeunload", (event) => { if (touched) event.preventDefault(); });

  // On a phone a desk's links stand in one line: the current one is brought into view.
  const here = document.querySelector(".side [aria-current]");
  const side = here && here.closest(".side");
  if (side && side.scrollWidth > side.clientWidth) side.scrollLeft = here.offsetLeft - side.clientWidth / 3;

  // Buttons that print; without scripts the browser's own menu does.
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });
})();
