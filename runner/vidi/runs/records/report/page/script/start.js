// The page comes to life.
if (form) {
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
}
watchPlayers(gallery);
for (const card of cards) {
  if (folded(card)) near.observe(card.element);
  else dressCard(card);
}
addEventListener("hashchange", readAddress);
readAddress();

// Paper has nothing to click on.
let unfolded = [];
addEventListener("beforeprint", () => {
  for (const card of cards) fill(card);
  unfolded = [...document.querySelectorAll("details:not([open])")];
  for (const one of unfolded) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of unfolded) one.open = false;
});
