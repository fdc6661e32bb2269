// Marks that are clicked: sent to the server of `vidi review`, which writes reviews.yaml.
const ask = document.getElementById("ask");
const said = document.getElementById("said");
const ACTS = [
  ["approve", "Approve", "a"], ["reject", "Reject…", "x"], ["favourite", "Favourite", "f"], ["reroll", "Re-roll", "r"], ["reset", "Undo", "u"],
];

/** Send a mark; the card shows what holds then. */
async function send(card, act, more = {}) {
  said.textContent = "";
  try {
    const answer = await fetch("marks", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ id: card.id, act, ...more }),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.error);
    show(card, told);
  } catch (error) {
    said.textContent = `${card.id} was not marked: ${error.message}`;
  }
}

function show(card, told) {
  Object.assign(card, { mark: told.mark, favourite: told.favourite, text: null });
  fill(card);
  const line = card.element.querySelector(".marks") ?? make("p", { class: "marks" });
  const parts = [];
  if (told.mark) parts.push(make("span", { class: `mark ${told.mark}` }, told.mark));
  if (told.favourite) parts.push(make("span", { class: "mark favourite" }, "favourite"));
  if (told.seed !== null) parts.push(make("span", { class: "soft" }, `again with seed ${told.seed}`));
  if (told.note) parts.push(make("q", { dir: "auto" }, told.note));
  line.replaceChildren(...parts);
  if (!line.isConnected) card.element.querySelector(".head").after(line);
  press(card);
  count();
  if (lightbox.open && opened?.id === card.id) showLarge(card, opened.number);
}

function press(card) {
  for (const button of card.element.querySelectorAll(".review button")) {
    const { act } = button.dataset;
    const held = { approve: card.mark === "approved", reject: card.mark === "rejected", favourite: card.favourite }[act];
    if (held !== undefined) button.setAttribute("aria-pressed", held);
  }
}

function count() {
  const rejected = cards.filter((card) => card.mark === "rejected").length;
  const approved = cards.filter((card) => card.mark === "approved").length;
  document.getElementById("reviewed").textContent = `${approved} approved, ${rejected} rejected`;
}

function act(card, what) {
  if (what === "reject") askWhy(card);
  else if (what === "favourite") send(card, card.favourite ? "unfavourite" : "favourite");
  else send(card, what);
}

function askWhy(card) {
  ask.querySelector("bdi").textContent = card.id;
  const field = ask.querySelector("textarea");
  field.value = card.element.querySelector(".marks q")?.textContent ?? "";
  ask.returnValue = "";
  ask.showModal();
  ask.onclose = () => {
    if (ask.returnValue === "reject") send(card, "reject", { note: field.value });
    else if (!lightbox.open) card.element.focus();
  };
}
ask.addEventListener("click", (event) => {
  const what = event.target.closest("[data-do]")?.dataset.do;
  if (what) ask.close(what);
});
ask.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask.close("reject");
});

/** Give a card its buttons. */
function dressForReview(card) {
  if (!card.count || card.element.querySelector(".review")) return;
  const buttons = ACTS.map(([name, label, key]) => make("button", { type: "button", "data-act": name, "aria-keyshortcuts": key }, label));
  const group = make("div", { class: "review", role: "group", "aria-label": `Review of ${card.id}` }, ...buttons);
  group.addEventListener("click", (event) => {
    const name = event.target.closest("[data-act]")?.dataset.act;
    if (name) act(card, name);
  });
  card.element.querySelector(".body").append(group);
  press(card);
}

function reviewByKey(card, key) {
  const found = ACTS.find(([, , one]) => one === key);
  return found && card.count ? () => act(card, found[0]) : null;
}
count();
