// The address after `#?` holds the view; `#i-ID` leads to one inference, also without the script.
let opened = null;
let axes = { rows: "", columns: "" };

function writeAddress(asked = form ? readForm() : { status: [] }) {
  const said = new URLSearchParams();
  for (const status of asked.status) said.append("status", status);
  for (const name of PLAIN) if (asked[name]) said.set(name, asked[name]);
  if (asked.view === "grid") for (const [name, value] of Object.entries(axes)) if (value) said.set(name, value);
  if (opened) { said.set("open", opened.id); if (opened.number) said.set("asset", opened.number + 1); }
  const text = said.toString();
  if (!text && !location.hash.startsWith("#?")) return;
  history.replaceState(null, "", text ? `#?${text}` : location.pathname + location.search);
}

function readAddress() {
  if (!location.hash.startsWith("#?")) return reveal();
  const said = new URLSearchParams(location.hash.slice(2));
  if (form) {
    for (const box of form.querySelectorAll("[name=status]")) box.checked = said.getAll("status").includes(box.value);
    for (const name of PLAIN) {
      const field = form.elements[name];
      if (!field) continue;
      field.value = said.get(name) ?? "";
      if (field.localName === "select" && field.selectedIndex < 0) field.selectedIndex = 0;
    }
    if (!form.querySelector("[name=view]:checked")) form.elements.view.value = "";
  }
  axes = { rows: said.get("rows") ?? "", columns: said.get("columns") ?? "" };
  const open = cardById.get(said.get("open"));
  opened = open ? { id: open.id, number: Math.max(0, (parseInt(said.get("asset"), 10) || 1) - 1) } : null;
  apply();
  if (opened) showLarge(open, opened.number);
  else closeLarge();
  return undefined;
}

/** Bring the inference of an anchor into view. */
function reveal() {
  let name = location.hash.slice(1);
  try { name = decodeURIComponent(name); } catch { return; }
  const card = cardOf.get(document.getElementById(name));
  if (!card) return;
  fill(card);
  card.element.scrollIntoView({ block: "start" });
}
