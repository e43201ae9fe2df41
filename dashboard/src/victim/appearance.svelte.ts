// Dark or light as the telephone is, unless she chose.

const system = matchMedia("(prefers-color-scheme: light)");
const stored = localStorage.getItem("theme");

class Appearance {
  name = $state<"dark" | "light">(
    stored === "light" || stored === "dark" ? stored : system.matches ? "light" : "dark",
  );

  constructor() {
    this.apply();
    system.addEventListener("change", () => {
      if (localStorage.getItem("theme")) return;
      this.name = system.matches ? "light" : "dark";
      this.apply();
    });
  }

  choose(name: "dark" | "light"): void {
    this.name = name;
    localStorage.setItem("theme", name);
    this.apply();
  }

  private apply(): void {
    document.documentElement.dataset.theme = this.name;
  }
}

export const appearance = new Appearance();
