// The door in Canvas's frame: its height, and whether Easel was connected meanwhile.
// The page is whole without it.
(() => {
  "use strict";
  const framed = window.parent !== window;
  const fit = () => {
    if (framed) {
      // Of the content: a document is never less high than its frame.
      const content = document.getElementById("main").getBoundingClientRect();
      const height = Math.max(Math.ceil(content.bottom + window.scrollY) + 16, 200);
      // The size of this page is no secret, so that any parent may know it.
      window.parent.postMessage(JSON.stringify({ subject: "lti.frameResize", height }), "*");
    }
  };
  const after = document.querySelector("#after[data-ask]");
  const ask = async () => {
    if (!after || !after.hidden) return;
    try {
      const answer = await fetch(after.dataset.ask, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      document.getElementById("before").hidden = true;
      after.hidden = false;
      fit();
    } catch {
      // Asked again when the person comes back the next time.
    }
  };
  window.addEventListener("focus", ask);
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  fit();
})();
