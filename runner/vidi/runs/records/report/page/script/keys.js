// Keys: in the page, and in what lies over it.
const keyHelp = document.getElementById("keys") ?? make("dialog");
keyHelp.addEventListener("click", (event) => {
  if (event.target === keyHelp || event.target.closest("[data-do=close]")) keyHelp.close();
});

function focusNext(by) {
  const at = visible.indexOf(cardOf.get(document.activeElement.closest?.(".card")));
  const next = visible[at < 0 ? (by < 0 ? visible.length - 1 : 0) : at + by];
  if (!next) return;
  fill(next);
  next.element.focus({ preventScroll: true });
  next.element.scrollIntoView({ block: "nearest" });
}

const currentCard = () => (lightbox.open ? cardById.get(opened?.id) : cardOf.get(document.activeElement.closest?.(".card")));

const inLightbox = {
  ArrowLeft: () => step(-1), ArrowRight: () => step(1), j: () => step(1), k: () => step(-1), " ": playOrGoOn, Escape: closeLarge,
};
const inPage = {
  j: () => focusNext(1), k: () => focusNext(-1), "/": () => form?.elements.words.focus(), "?": () => keyHelp.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && isWritten(event.target)) { event.target.blur(); return; }
  if (isWritten(event.target) || comparison.open || keyHelp.open || document.querySelector("dialog.asking[open]")) return;
  const act = (lightbox.open ? inLightbox : inPage)[event.key] ?? actOnCard(event);
  if (!act || (lightbox.open && event.target.matches("pre, button") && event.key === " ")) return;
  event.preventDefault();
  act();
});

/** What a key does to the card that has the focus, or that is shown large. */
function actOnCard(event) {
  const card = currentCard();
  if (!card) return null;
  if (event.key === "c") return () => compareCard(card);
  const onCard = event.target === card.element;
  if (!lightbox.open && onCard && (event.key === "Enter" || event.key === " ") && card.count) return () => showLarge(card);
  return typeof reviewByKey === "function" ? reviewByKey(card, event.key) : null;
}
