"use strict";
(function () {
  const root = document.documentElement;
  const form = document.getElementById("filter");
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const findings = Array.from(document.querySelectorAll("details.finding"));
  const sections = Array.from(document.querySelectorAll("section.topic"));
  const words = new Map(findings.map((f) => [f, f.textContent.toLowerCase()]));

  for (const part of document.querySelectorAll(".scripted")) {
    part.hidden = false;
  }

  function checked(name) {
    const boxes = form.querySelectorAll(`input[name=${name}]:checked`);
    return new Set(Array.from(boxes, (box) => box.value));
  }

  function filter() {
    const statuses = checked("status");
    const severities = checked("severity");
    const topic = form.elements.topic.value;
    const tip = form.elements.tip.value;
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const finding of findings) {
      const facts = finding.dataset;
      const fits =
        statuses.has(facts.status) &&
        severities.has(facts.severity) &&
        (!topic || facts.topic === topic) &&
        (!tip || facts.tips.split(" ").includes(tip)) &&
        wanted.every((word) => words.get(finding).includes(word));
      finding.hidden = !fits;
      count += fits ? 1 : 0;
    }
    for (const section of sections) {
      section.hidden = !section.querySelector("details.finding:not([hidden])");
    }
    shown.textContent = shown.dataset.text
      .replace("{shown}", String(count))
      .replace("{all}", String(findings.length));
  }

  function everything() {
    search.value = "";
    form.elements.topic.value = "";
    form.elements.tip.value = "";
    for (const box of form.querySelectorAll("input[type=checkbox]")) {
      box.checked = true;
    }
    filter();
  }

  function visit() {
    const name = decodeURIComponent(location.hash.slice(1));
    const target = name && document.getElementById(name);
    if (!target) {
      return;
    }
    if (target.matches("details.finding")) {
      if (target.hidden) {
        everything();
      }
      target.open = true;
      target.querySelector("summary").focus({ preventScroll: true });
    }
    target.scrollIntoView();
  }

  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("everything").addEventListener("click", everything);
  document.getElementById("open").addEventListener("click", () => {
    for (const finding of findings) {
      finding.open = !finding.hidden;
    }
  });
  document.getElementById("close").addEventListener("click", () => {
    for (const finding of findings) {
      finding.open = false;
    }
  });
  for (const button of document.querySelectorAll(".topic-jump")) {
    button.addEventListener("click", () => {
      everything();
      form.elements.topic.value = button.dataset.topic;
      filter();
      form.scrollIntoView();
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      filter();
    }
  });
  addEventListener("hashchange", visit);

  // A print shows every finding that the filter shows, opened.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    for (const part of closed) {
      part.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const part of closed) {
      part.open = false;
    }
  });

  const button = document.getElementById("theme");
  const themes = ["auto", "light", "dark"];

  function remembered() {
    try {
      return localStorage.getItem("zmward-theme");
    } catch {
      return null; // a browser may forbid storage to files
    }
  }

  function paint(theme) {
    root.dataset.theme = theme;
    button.textContent = button.dataset[theme];
    try {
      localStorage.setItem("zmward-theme", theme);
    } catch {
      // The choice then lasts as long as the page.
    }
  }

  button.addEventListener("click", () => {
    const next = (themes.indexOf(root.dataset.theme) + 1) % themes.length;
    paint(themes[next]);
  });
  const before = remembered();
  paint(themes.includes(before) ? before : "auto");
  filter();
  visit();
})();
