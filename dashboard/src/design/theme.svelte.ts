// Dark for the control room, light for the office. Dark where nobody has chosen.
class Theme {
  name = $state<"dark" | "light">(localStorage.getItem("theme") === "light" ? "light" : "dark");

  constructor() {
    this.apply();
  }

  toggle(): void {
    this.name = this.name === "dark" ? "light" : "dark";
    localStorage.setItem("theme", this.name);
    this.apply();
  }

  private apply(): void {
    document.documentElement.dataset.theme = this.name;
  }
}

export const theme = new Theme();
