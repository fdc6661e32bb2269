// The cards: what each is about, in file order, and its content once it is near the view.
const gallery = document.getElementById("gallery");
const cards = [...gallery.querySelectorAll(":scope > .card")].map((element, place) => {
  const facts = JSON.parse(element.dataset.facts);
  return { element, place, text: null, status: element.dataset.status, ...facts };
});
const cardOf = new Map(cards.map((card) => [card.element, card]));
const cardById = new Map(cards.map((card) => [card.id, card]));

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
const escapeText = (text) => text.replace(/[&<>"']/g, (sign) => escapes[sign]);
const folded = (card) => {
  const first = card.element.firstElementChild;
  return first && first.localName === "noscript" ? first : null;
};

/** Make the content of a card of what the page holds for it. */
function fill(card) {
  const content = folded(card);
  if (!content) return;
  card.element.innerHTML = content.textContent;
  watchPlayers(card.element);
  dressCard(card);
}

/** All that a card says, in lower case and with its signs escaped as in the page's source. */
function textOf(card) {
  if (card.text === null) {
    const content = folded(card);
    const source = content ? content.textContent : card.element.innerHTML;
    card.text = source.replace(/<[^>]*>/g, " ").toLowerCase();
  }
  return card.text;
}

const near = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    near.unobserve(entry.target);
    fill(cardOf.get(entry.target));
  }
}, { rootMargin: "900px 0px" });

/** Make an element; text stays text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const dollars = (amount) => {
  const digits = amount && amount < 0.1 ? 4 : 2;
  return `$${amount.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, "$1")}`;
};
const seconds = (amount) => (amount < 60 ? `${amount.toFixed(1)} s` : `${Math.floor(amount / 60)} min ${Math.round(amount % 60)} s`);
const isWritten = (node) => node.closest("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]");
