// Players, where they can be seen: a page of thousands asks for none of its files before that.
function play(link, { now = false } = {}) {
  const figure = link.closest("[data-src]");
  const picture = link.querySelector("img");
  const player = make(figure.dataset.kind, {
    src: figure.dataset.src, controls: true, preload: "none", playsinline: true,
    poster: picture ? picture.getAttribute("src") : null, "aria-label": link.getAttribute("aria-label"),
  });
  const frame = make("div", { class: link.className.replace("play", "playing") }, player);
  if (figure.dataset.kind === "audio") frame.prepend(link.querySelector("svg").cloneNode(true));
  frame.link = link;
  const focused = document.activeElement === link;
  link.replaceWith(frame);
  if (now || focused) player.focus();
  if (now) player.play().catch(() => {});
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const frame = entry.target.querySelector(".frame");
    if (!frame) continue;
    if (entry.isIntersecting && frame.matches("a.play")) play(frame);
    else if (!entry.isIntersecting && frame.link && frame.lastElementChild.paused && !frame.lastElementChild.currentTime) frame.replaceWith(frame.link);
  }
}, { rootMargin: "200px 0px" });

function watchPlayers(root) {
  for (const link of root.querySelectorAll("a.play")) seen.observe(link.closest("figure"));
}

// One sound at a time.
document.addEventListener("play", (event) => {
  for (const other of document.querySelectorAll("audio, video")) {
    if (other !== event.target) other.pause();
  }
}, true);
