// A photo that goes with a record: made smaller on the phone, so that a bad line carries it, and what a picture says beside
// what it shows stays here.  It is a field of the form like any other, and so waits with it until the line is back.
{
  const LONGEST = 1280;
  const QUALITY = 0.75;
  const field = document.querySelector("form.record .photo");
  if (field) {
    const [chosen, kept] = [field.querySelector("input[type=file]"), field.querySelector("input[name=photo]")];
    const [shown, away] = [field.querySelector("img"), field.querySelector("button")];
    const show = (picture) => {
      kept.value = picture;
      shown.hidden = away.hidden = picture === "";
      if (picture) shown.src = picture;
      else shown.removeAttribute("src");
      chosen.value = "";
    };
    chosen.addEventListener("change", async () => {
      const picture = await createImageBitmap(chosen.files[0]).catch(() => null);
      chosen.setCustomValidity(picture ? "" : field.dataset.none);
      if (picture === null) return void chosen.reportValidity();
      const smaller = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
      const canvas = Object.assign(document.createElement("canvas"), { width: picture.width * smaller, height: picture.height * smaller });
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      show(canvas.toDataURL("image/jpeg", QUALITY));
    });
    away.addEventListener("click", () => show(""));
    chosen.form.addEventListener("reset", () => show(""));
    show(kept.value);
    field.hidden = false;
  }
}
