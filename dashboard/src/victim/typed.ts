/** What was typed in the one field of a form; the field forgets it. */
export function typedIn(form: HTMLFormElement): string {
  const typed = new FormData(form).get("typed");
  form.reset();
  return typeof typed === "string" ? typed.trim() : "";
}
