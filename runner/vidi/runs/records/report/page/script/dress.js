// What the script adds to a card: a button that shows before and after large.
function dressCard(card) {
  const earlier = card.element.querySelector(".earlier");
  if (earlier && !earlier.querySelector("button")) {
    const button = make("button", { type: "button" }, "Compare");
    button.addEventListener("click", () => { first = null; compareCard(card); });
    earlier.append(button);
  }
  if (typeof dressForReview === "function") dressForReview(card);
}
