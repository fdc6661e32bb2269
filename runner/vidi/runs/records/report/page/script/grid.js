// A table of rows × columns by any two of model, tag, param and what a matrix varies, with averages.
const grid = document.getElementById("grid");
const MOST = 60;

/** Each axis with its values, as text, in the order in which they come. */
function listAxes() {
  const found = new Map();
  const note = (axis, value) => {
    if (!found.has(axis)) found.set(axis, new Set());
    found.get(axis).add(value);
  };
  for (const card of cards) for (const [axis, values] of placesOf(card)) for (const value of values) note(axis, value);
  return new Map([...found].filter(([, values]) => values.size > 1 && values.size <= MOST).map(([axis, values]) => [axis, [...values]]));
}

function* placesOf(card) {
  for (const [name, value] of Object.entries(card.axes)) yield [`matrix ${name}`, [value]];
  yield ["model", [card.model]];
  yield ["tag", card.tags];
  for (const [name, value] of Object.entries(card.params)) yield [`param ${name}`, [value]];
}

function valuesOn(card, axis) {
  for (const [name, values] of placesOf(card)) if (name === axis) return values;
  return [];
}

/** Show the table of what the filters leave, or hide it. */
function showGrid(wanted) {
  grid.hidden = !wanted;
  if (!wanted) return;
  const all = listAxes();
  const names = [...all.keys()];
  if (!all.has(axes.rows)) axes.rows = names[0] ?? "";
  if (!all.has(axes.columns) || axes.columns === axes.rows) axes.columns = names.find((name) => name !== axes.rows) ?? "";
  if (names.length === 0) {
    grid.replaceChildren(make("p", { class: "nothing" }, "Nothing differs between these inferences that a table could be made by."));
    return;
  }
  grid.replaceChildren(chooseAxes(names), drawTable(all));
}

function chooseAxes(names) {
  const choose = (label, key) => {
    const select = make("select", {}, ...names.map((name) => make("option", { value: name, selected: name === axes[key] }, name)));
    select.addEventListener("change", () => { axes[key] = select.value; apply(); });
    return make("label", {}, `${label} `, select);
  };
  const turn = make("button", { type: "button" }, "Swap");
  turn.addEventListener("click", () => { axes = { rows: axes.columns, columns: axes.rows }; apply(); });
  return make("div", { class: "axes" }, choose("Rows", "rows"), choose("Columns", "columns"), turn);
}

function drawTable(all) {
  const columns = axes.columns ? all.get(axes.columns) : [""];
  const cells = new Map(all.get(axes.rows).map((row) => [row, new Map(columns.map((column) => [column, []]))]));
  for (const card of visible) {
    for (const row of valuesOn(card, axes.rows)) {
      for (const column of axes.columns ? valuesOn(card, axes.columns) : [""]) cells.get(row)?.get(column)?.push(card);
    }
  }
  const rows = [...cells].filter(([, found]) => [...found.values()].some((each) => each.length));
  const kept = columns.filter((column) => rows.some(([, found]) => found.get(column).length));
  const head = make("tr", {}, make("th", { scope: "col" }, make("span", { class: "soft" }, `${axes.rows} \\ ${axes.columns}`)),
    ...kept.map((column) => make("th", { scope: "col", dir: "auto" }, column)), make("th", { scope: "col" }, "Average"));
  const body = rows.map(([row, found]) => make("tr", {}, make("th", { scope: "row", dir: "auto" }, row),
    ...kept.map((column) => make("td", {}, ...found.get(column).map(drawCell))), average([...new Set([...found.values()].flat())])));
  const foot = make("tr", {}, make("th", { scope: "row" }, "Average"),
    ...kept.map((column) => average(rows.flatMap(([, found]) => found.get(column)))), average(visible));
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body), make("tfoot", {}, foot));
  return make("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Inferences by axes" }, table);
}

function drawCell(card) {
  const open = make("a", { href: `#${encodeURIComponent(card.element.id)}`, class: "cell", title: card.id, "aria-label": card.id });
  if (card.picture) open.append(make("img", { src: card.picture, alt: "", loading: "lazy", decoding: "async" }));
  else open.append(make("bdi", { class: `chip ${card.status}` }, card.id));
  if (card.mark) open.append(make("span", { class: `mark ${card.mark}` }, card.mark));
  open.addEventListener("click", (event) => {
    if (!card.count || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    showLarge(card);
  });
  return open;
}

function average(found) {
  const costs = found.filter((card) => card.cost !== null).map((card) => card.cost);
  const times = found.filter((card) => card.time !== null).map((card) => card.time);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const said = [costs.length ? dollars(mean(costs)) : "", times.length ? seconds(mean(times)) : ""];
  return make("td", { class: "average" }, ...said.filter(Boolean).map((each) => make("span", {}, each)));
}
