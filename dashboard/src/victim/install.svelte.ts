// Whether the browser offers to put this page on her home screen. Not all say so; then nothing is shown.

interface InstallPrompt extends Event {
  prompt: () => Promise<unknown>;
}

class Installing {
  offered = $state(false);
  private prompt: InstallPrompt | null = null;

  constructor() {
    addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      this.prompt = event as InstallPrompt;
      this.offered = true;
    });
    addEventListener("appinstalled", () => {
      this.offered = false;
    });
  }

  ask(): void {
    void this.prompt?.prompt();
    this.prompt = null;
    this.offered = false;
  }
}

export const installing = new Installing();
