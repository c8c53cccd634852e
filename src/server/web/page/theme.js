// Light, dark, or as the system has it. The choice is kept in this browser, if it lets us.

import { find, say } from "./dom.js";

const CHOICES = ["system", "light", "dark"];
const KEY = "cacheflow-colours";

export function begin() {
  let choice = "system";
  try {
    choice = localStorage.getItem(KEY) ?? choice;
  } catch {
    // It may be forbidden; then nothing is kept.
  }
  const apply = () => {
    document.documentElement.dataset.theme = choice;
    say(find("theme"), `Colours: ${choice}`);
  };
  find("theme").addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // As above.
    }
    apply();
  });
  apply();
}
