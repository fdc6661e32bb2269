// What is shown and in which order; all of it is in the address, so that a view can be sent.
const form = document.getElementById("filters");
const shownCount = document.getElementById("shown");
const nothing = document.getElementById("nothing");
const PLAIN = ["provider", "model", "kind", "tag", "mark", "words", "sort", "view"];
const ranks = { succeeded: 0, unchanged: 1, failed: 2, moderated: 3, in_doubt: 4, unfinished: 5, skipped: 6 };
const orders = {
  cost: (a, b) => b.cost - a.cost,
  time: (a, b) => (b.time ?? -1) - (a.time ?? -1),
  status: (a, b) => ranks[a.status] - ranks[b.status],
  model: (a, b) => a.model.localeCompare(b.model),
};
let visible = cards;
let order = "";

function readForm() {
  const asked = new FormData(form);
  const view = { status: asked.getAll("status") };
  for (const name of PLAIN) view[name] = asked.get(name) ?? "";
  return view;
}

function suits(card, asked, words) {
  return (!asked.status.length || asked.status.includes(card.status))
    && (!asked.model || card.model === asked.model)
    && (!asked.provider || card.model.split("/")[0] === asked.provider)
    && (!asked.kind || card.kinds.includes(asked.kind))
    && (!asked.tag || card.tags.includes(asked.tag))
    && (!asked.mark || suitsMark(card, asked.mark))
    && words.every((word) => textOf(card).includes(word));
}

function suitsMark(card, mark) {
  if (mark === "favourite") return card.favourite;
  return mark === "none" ? !card.mark && !card.favourite : card.mark === mark;
}

function arrange(name) {
  if (name === order) return;
  order = name;
  const sorted = orders[name] ? cards.toSorted((a, b) => orders[name](a, b) || a.place - b.place) : cards;
  gallery.append(...sorted.map((card) => card.element));
}

function apply() {
  if (!form) return;
  const asked = readForm();
  const words = asked.words.toLowerCase().split(/\s+/).filter(Boolean).map(escapeText);
  arrange(asked.sort);
  let count = 0;
  for (const card of cards) {
    const fits = suits(card, asked, words);
    if (card.element.hidden === fits) card.element.hidden = !fits;
    count += fits;
  }
  visible = [...gallery.children].filter((each) => !each.hidden).map((each) => cardOf.get(each));
  const all = count === cards.length;
  shownCount.value = all ? "" : `${count} of ${cards.length} shown`;
  form.querySelector("[type=reset]").hidden = all;
  nothing.hidden = count > 0;
  gallery.classList.toggle("sheet", asked.view === "sheet");
  gallery.hidden = asked.view === "grid";
  showGrid(asked.view === "grid");
  writeAddress(asked);
}
