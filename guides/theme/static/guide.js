"use strict";
// On a narrow screen the navigation is closed, so that a page begins with its own text.
const menu = document.querySelector(".all details"), narrow = matchMedia("(max-width: 56rem)");
const fold = () => { menu.open = !narrow.matches; };
narrow.addEventListener("change", fold);
fold();

// Samples of code in several languages become tabs; the language that was chosen holds for all of them, on every page.
const REMEMBERED = "samenzaak-language";
const groups = [...document.querySelectorAll(".samples")].map((group, number) => {
  const panels = [...group.querySelectorAll(":scope > [data-language]")];
  const list = document.createElement("div");
  list.className = "tabs";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", group.dataset.label);
  const tabs = panels.map((panel, turn) => {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `tab-${number}-${turn}`;
    tab.textContent = panel.dataset.language;
    tab.setAttribute("role", "tab");
    panel.id ||= `panel-${number}-${turn}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    panel.querySelector(".language").remove();
    tab.setAttribute("aria-controls", panel.id);
    tab.addEventListener("click", () => choose(panel.dataset.language));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(turn + step + tabs.length) % tabs.length];
      choose(next.textContent);
      next.focus();
    });
    return tab;
  });
  list.append(...tabs);
  group.prepend(list);
  return { tabs, panels };
});

function choose(language) {
  localStorage.setItem(REMEMBERED, language);
  groups.forEach((group) => show(group, language));
}

function show({ tabs, panels }, language) {
  const wanted = Math.max(0, panels.findIndex((panel) => panel.dataset.language === language));
  tabs.forEach((tab, turn) => {
    tab.setAttribute("aria-selected", turn === wanted);
    tab.tabIndex = turn === wanted ? 0 : -1;
    panels[turn].hidden = turn !== wanted;
  });
}
groups.forEach((group) => show(group, localStorage.getItem(REMEMBERED)));
