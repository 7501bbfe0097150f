// Workbooks dropped on the page, or chosen, are handed in at once: those of a folder too, however deep.
const form = document.querySelector("form[data-drop]");
const [files, folder] = form.querySelectorAll("input[type=file]");
const suffixes = form.dataset.drop.split(",");
const isWorkbook = (file) => suffixes.some((each) => file.name.toLowerCase().endsWith(each)) && !/^(\.|~\$)/.test(file.name);

const handIn = (found) => {
  const workbooks = new DataTransfer();
  for (const file of found.filter(isWorkbook)) workbooks.items.add(file);
  // What is no workbook stays here.  When nothing else was there it goes along, so that the server says what is wrong.
  if (!workbooks.files.length) for (const file of found.slice(0, 1)) workbooks.items.add(file);
  if (!workbooks.files.length) return;
  files.files = workbooks.files;
  folder.disabled = true;
  const chosen = form.querySelector("[data-chosen]");
  chosen.textContent = chosen.dataset.chosen.replace("{count}", workbooks.files.length);
  form.classList.add("under-way");
  form.requestSubmit();
};

const within = async (entry) => {
  if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
  const reader = entry.createReader();
  const found = [];
  // A folder is read some entries at a time, until there are none.
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return (await Promise.all(found.map(within))).flat();
    found.push(...some);
  }
};

for (const input of [files, folder]) input.addEventListener("change", () => handIn([...input.files]));
for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  form.addEventListener(name, (event) => {
    event.preventDefault();
    form.classList.toggle("over", over);
  });
}
form.addEventListener("drop", async (event) => {
  const entries = [...event.dataTransfer.items].map((each) => each.webkitGetAsEntry?.()).filter(Boolean);
  handIn(entries.length ? (await Promise.all(entries.map(within))).flat() : [...event.dataTransfer.files]);
});
// Whoever comes back to this page hands in anew.
window.addEventListener("pageshow", () => {
  folder.disabled = false;
  form.classList.remove("under-way");
});
