/** What people typed into a form, as the API wants it. Nothing is judged here: that is the API's. */

/** Anything with a form's values. */
interface Typed {
  get(name: string): unknown;
}

export function textAt(form: Typed, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

/** Several in one field: by commas, spaces or lines, as they come from elsewhere. */
export function listOfText(text: string): string[] {
  return text.split(/[\s,;，、；]+/).filter((part) => part !== '');
}
