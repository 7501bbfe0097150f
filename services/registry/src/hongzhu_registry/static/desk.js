// What every page of the desk does in the browser.  Without this file each does the same, a little slower.

// The menu on a narrow screen.
const button = document.querySelector("[data-menu]");
const menu = document.getElementById("menu");
button?.addEventListener("click", () => {
  const open = menu.classList.toggle("open");
  button.setAttribute("aria-expanded", open);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu?.classList.contains("open")) button.click();
});

// What cannot be taken back is asked once more.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A choice that narrows a list does so at once.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-at-once]");
  if (form) form.requestSubmit();
});

// What only one role needs is asked for once that role is chosen.
const role = document.getElementById("f-role");
const ask = () => {
  for (const each of document.querySelectorAll("[data-of-role]")) each.hidden = each.dataset.ofRole !== role.value;
};
role?.addEventListener("change", ask);
if (role) ask();

// A row of a table opens what its first link opens; the link stays what the keyboard reaches.
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-opens]");
  if (row && !event.target.closest("a, button, input, label, select") && !window.getSelection()?.toString()) {
    row.querySelector("a")?.click();
  }
});
