// Shows the items that hold the words and are of the kind and the group that were chosen. Without it all are shown.
const items = [...document.querySelectorAll("details.item")];
const find = document.querySelector("[data-find]");
const choices = [...document.querySelectorAll("[data-by]")];
const shown = document.querySelector("[data-shown]");
const texts = new Map(items.map((item) => [item, item.textContent.toLowerCase()]));
const visible = () => items.filter((item) => !item.hidden);

function narrow() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of items) {
    const chosen = choices.every((choice) => !choice.value || item.dataset[choice.dataset.by] === choice.value);
    item.hidden = !(chosen && words.every((word) => texts.get(item).includes(word)));
  }
  shown.value = `${visible().length} of ${items.length}`;
}

if (find) {
  find.addEventListener("input", narrow);
  choices.forEach((choice) => choice.addEventListener("change", narrow));
  document.querySelector("[data-open]").addEventListener("click", (event) => {
    const open = !visible().every((item) => item.open);
    visible().forEach((item) => { item.open = open; });
    event.target.textContent = open ? "Close all" : "Open all";
  });
  narrow();
}
