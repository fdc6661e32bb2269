// One asset large. It goes through what the filters leave, in the order that is shown.
const lightbox = document.getElementById("lightbox") ?? make("dialog");
const stage = document.getElementById("lightbox-stage");

const figuresOf = (card) => { fill(card); return [...card.element.querySelectorAll("figure.asset")]; };

/** Show an asset of a card large. */
function showLarge(card, number = 0) {
  const figures = figuresOf(card);
  const figure = figures[Math.min(number, figures.length - 1)];
  if (!figure) return;
  opened = { id: card.id, number: figures.indexOf(figure) };
  stage.replaceChildren(enlarge(figure));
  lightbox.querySelector("h2 bdi").textContent = card.id;
  const place = visible.indexOf(card);
  const facts = [place < 0 ? "" : `${place + 1} of ${visible.length}`, figures.length > 1 ? `asset ${opened.number + 1} of ${figures.length}` : "",
    card.model, card.cost === null ? "" : dollars(card.cost), card.time === null ? "" : seconds(card.time), card.mark ?? ""];
  document.getElementById("lightbox-facts").textContent = facts.filter(Boolean).join(" · ");
  document.getElementById("lightbox-prompt").textContent = card.element.querySelector(".prompt")?.textContent ?? "";
  if (!lightbox.open) { lightbox.showModal(); lightbox.focus(); }
  writeAddress();
}

/** The asset of a figure, as large as the window allows. */
function enlarge(figure) {
  const { kind, src } = figure.dataset;
  const label = figure.querySelector("img")?.alt || figure.querySelector("figcaption")?.textContent.trim().split("\n")[0] || "";
  if (kind === "image") return make("img", { src, alt: label, decoding: "async" });
  if (kind === "video" || kind === "audio") {
    const poster = figure.querySelector("img")?.getAttribute("src") ?? figure.querySelector("video")?.getAttribute("poster");
    return make(kind, { src, controls: true, preload: "none", playsinline: true, "aria-label": label, poster: kind === "video" ? poster : null });
  }
  return figure.querySelector(".frame > *").cloneNode(true);
}

/** Go to the asset that is so many further on; at either end it stays. */
function step(by) {
  const card = cardById.get(opened?.id);
  if (!card) return;
  const number = opened.number + by;
  if (number >= 0 && number < figuresOf(card).length) { showLarge(card, number); return; }
  let place = visible.indexOf(card) + by;
  while (visible[place] && !visible[place].count) place += by;
  const next = visible[place];
  if (next) showLarge(next, by < 0 ? figuresOf(next).length - 1 : 0);
}

function playOrGoOn() {
  const player = stage.querySelector("audio, video");
  if (!player) step(1);
  else if (player.paused) player.play().catch(() => {});
  else player.pause();
}

/** Back to the gallery, at the card that was shown last. */
function closeLarge() {
  const card = cardById.get(opened?.id);
  opened = null;
  if (lightbox.open) lightbox.close();
  stage.replaceChildren();
  writeAddress();
  card?.element.focus();
}

lightbox.addEventListener("close", () => { if (opened) closeLarge(); });
lightbox.addEventListener("click", (event) => {
  const what = event.target.closest("[data-do]")?.dataset.do;
  if (what === "back") step(-1);
  else if (what === "on") step(1);
  else if (what === "compare") compareCard(cardById.get(opened.id));
  else if (what === "close" || event.target === lightbox) closeLarge();
});
gallery.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const frame = event.target.closest("figure .frame");
  if (!frame || frame.matches("a.play")) {
    if (frame) { event.preventDefault(); play(frame, { now: true }); }
    return;
  }
  if (!frame.querySelector(":scope > img")) return;
  event.preventDefault();
  const card = cardOf.get(frame.closest(".card"));
  showLarge(card, figuresOf(card).indexOf(frame.closest("figure")));
});
