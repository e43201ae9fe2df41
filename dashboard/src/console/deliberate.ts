// A form in which nothing happens by accident: what it does counts at once, for people who are in danger.
import { on } from "svelte/events";

/** Enter takes over what is written in a field and does not send the form; a wheel scrolls and changes no number. */
export function deliberate(form: HTMLElement): () => void {
  const offs = [
    on(form, "keydown", (event) => {
      const { target } = event;
      if (event.key !== "Enter" || event.isComposing || !(target instanceof HTMLInputElement)) return;
      event.preventDefault();
      // Leaving a field is what takes over its text.
      target.blur();
      target.focus();
    }),
    on(
      form,
      "wheel",
      ({ target }) => {
        if (target instanceof HTMLInputElement && target.type === "number") target.blur();
      },
      { passive: true },
    ),
  ];
  return () => {
    for (const off of offs) off();
  };
}
