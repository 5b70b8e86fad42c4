// Opens the recorded runs of a page when they come near. The page works from a server and from a
// folder alike: there a browser loads neither modules nor data, but scripts, so that both come as such.

(() => {
  const films = {}, here = document.currentScript.src.replace(/[^/]*$/, "");
  window.lecturekitFilm = (name, text) => films[name](text);
  const player = import(URL.createObjectURL(new Blob([MODULE], { type: "text/javascript" })));

  function load(name) {
    return new Promise((loaded, failed) => {
      films[name] = loaded;
      document.head.append(Object.assign(document.createElement("script"), { src: `${here}films/${name}.js`, onerror: failed }));
    });
  }

  async function open(place) {
    const [{ openFilm }, text] = await Promise.all([player, load(place.dataset.film)]);
    const el = document.createElement("div");
    place.replaceChildren(el);  // in the place of its still
    await openFilm(text, el);
  }

  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      open(target).catch((error) => console.error("lecturekit:", error));
    }
  }, { rootMargin: "600px" });
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-film]").forEach((place) => near.observe(place)));
})();
