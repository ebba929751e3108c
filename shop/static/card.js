// The payment element of Stripe's script on the payment page; without it the page's link to Stripe's own page does the same.
"use strict";
document.addEventListener("DOMContentLoaded", function () {
  const form = document.getElementById("card-payment");
  if (!form || !window.Stripe) { return; }
  const told = form.querySelector("[data-error]"), button = form.querySelector("button");
  const stripe = window.Stripe(form.dataset.key);
  const elements = stripe.elements({ clientSecret: form.dataset.secret, locale: form.dataset.locale });
  elements.create("payment").mount("#card-element");
  form.hidden = false;
  form.addEventListener("submit", async function (event) {
    event.preventDefault();
    button.disabled = true;
    told.hidden = true;
    const answer = await stripe.confirmPayment({ elements: elements, confirmParams: { return_url: form.dataset.back } });
    // It comes here only if the payment was not made; else the browser has left for the return page.
    told.textContent = answer.error.message;
    told.hidden = false;
    button.disabled = false;
  });
});
