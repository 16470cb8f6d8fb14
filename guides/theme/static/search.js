"use strict";
// Guides before what is looked up or tells how Samenzaak is made, and pages in the language of the reader before others.
const dutch = document.documentElement.lang === "nl";
const looked = /^(changes-per-api|conformance|cli|settings|architecture|glossary|recipes|contributing|changelog|adr\/)/;
var Scorer = {
  objNameMatch: 11, objPartialMatch: 6, objPrio: {}, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
  score: ([page, , , , score]) => score - (looked.test(page) ? 20 : 0) + (page.startsWith("nl/") === dutch ? 10 : 0),
};

// Set here and not with addTranslations, which makes a function of text: the policy of these pages forbids that.
if (dutch) {
  Documentation.PLURAL_EXPR = (n) => (n === 1 ? 0 : 1);
  Documentation.TRANSLATIONS = {
    "Searching": "Zoeken",
    "Search Results": "Gevonden",
    "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
      "Geen pagina heeft al deze woorden.",
    "Search finished, found one page matching the search query.": [
      "Eén pagina gevonden.",
      "${resultCount} pagina’s gevonden.",
    ],
  };
}
