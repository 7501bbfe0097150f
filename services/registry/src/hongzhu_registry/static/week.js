// Ticks a class and counts the ticks without asking the server.  Without this file the page does the same, a little slower.
const form = document.querySelector("form.record");

if (form) {
  const boxes = (within) => [...within.querySelectorAll("input[name=child]")];
  const file = form.querySelector("button.file");
  const plain = file.textContent;

  // A link asks the server for the class ticked; a button ticks it here, so what was typed stays.
  const buttons = [...form.querySelectorAll("a.all")].map((link) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = link.className;
    Object.assign(button.dataset, link.dataset);
    button.addEventListener("click", () => {
      const own = boxes(classOf(button));
      const tick = !own.every((box) => box.checked || box.disabled);
      for (const box of own) box.checked = tick && !box.disabled;
      count();
    });
    link.replaceWith(button);
    return button;
  });
  const classOf = (button) => button.closest("details") ?? form;

  const count = () => {
    const ticked = boxes(form).filter((box) => box.checked).length;
    file.textContent = ticked && file.dataset.count ? file.dataset.count.replace("{count}", ticked) : plain;
    for (const button of buttons) {
      const all = boxes(classOf(button)).every((box) => box.checked);
      button.textContent = all ? button.dataset.none : button.dataset.all;
    }
  };
  form.addEventListener("change", count);
  window.addEventListener("pageshow", count); // also when the browser brings the page back as it was left
}
