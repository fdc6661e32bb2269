// Two assets beside each other, or one over the other behind a slider: before and after, or any two.
const comparison = document.getElementById("compare") ?? make("dialog");
const pair = document.getElementById("compare-pair");
const slider = document.getElementById("compare-slider");
let first = null;

/** What a card was before, else the first of two that are to be compared. */
function compareCard(card) {
  if (!card) return;
  fill(card);
  const before = card.element.querySelector(".before");
  const after = card.element.querySelector("figure.asset");
  if (before && after && first === null) {
    const changes = [...card.element.querySelectorAll(".earlier dt")].map((name) => [name.textContent,
      name.nextElementSibling.querySelector("del").textContent, name.nextElementSibling.querySelector("ins").textContent]);
    showPair(`${card.id}: before and after`, before, after, ["Before", "After"], changes);
    return;
  }
  if (!after) return;
  if (first === null || first === card) {
    first?.element.classList.remove("chosen");
    first = first === card ? null : card;
    first?.element.classList.add("chosen");
    if (lightbox.open) closeLarge();
    return;
  }
  const one = first;
  one.element.classList.remove("chosen");
  first = null;
  const names = [...new Set([...Object.keys(one.params), ...Object.keys(card.params)])];
  const differing = [["model", one.model, card.model], ...names.map((name) => [name, one.params[name] ?? "", card.params[name] ?? ""])];
  showPair(`${one.id} and ${card.id}`, figuresOf(one)[0], after, [one.id, card.id], differing.filter(([, was, is]) => was !== is));
}

function showPair(title, before, after, names, changes) {
  comparison.querySelector("h2").textContent = title;
  const drawn = [before, after].map((each) => each.dataset.kind === "image");
  const sides = [before, after].map((each, place) => make("figure", {}, large(each, names[place]), make("figcaption", { dir: "auto" }, names[place])));
  pair.replaceChildren(...sides);
  const heads = comparison.querySelectorAll("thead th");
  heads[1].textContent = names[0];
  heads[2].textContent = names[1];
  comparison.querySelector("tbody").replaceChildren(...changes.map(([name, was, is]) =>
    make("tr", {}, make("th", { scope: "row", dir: "auto" }, name), make("td", { dir: "auto" }, was), make("td", { dir: "auto" }, is))));
  comparison.querySelector(".table").hidden = !changes.length;
  comparison.querySelector("[data-do=slide]").hidden = !drawn.every(Boolean);
  layOut(drawn.every(Boolean));
  if (!comparison.open) { comparison.showModal(); comparison.focus(); }
}

function large(source, name) {
  const { kind, src } = source.dataset;
  if (kind === "image") return make("img", { src, alt: name });
  if (kind === "video" || kind === "audio") return make(kind, { src, controls: true, preload: "none", "aria-label": name });
  const text = source.querySelector("pre, a");
  return text ? text.cloneNode(true) : make("span", {}, name);
}

function layOut(sliding) {
  pair.classList.toggle("sliding", sliding);
  slider.hidden = !sliding;
  comparison.querySelector("[data-do=slide]").setAttribute("aria-pressed", sliding);
  comparison.querySelector("[data-do=beside]").setAttribute("aria-pressed", !sliding);
  pair.style.setProperty("--part", `${slider.value}%`);
}

slider?.addEventListener("input", () => pair.style.setProperty("--part", `${slider.value}%`));
comparison.addEventListener("close", () => pair.replaceChildren());
comparison.addEventListener("click", (event) => {
  const what = event.target.closest("[data-do]")?.dataset.do;
  if (what === "slide" || what === "beside") layOut(what === "slide");
  else if (what === "close" || event.target === comparison) comparison.close();
});
