/**
 * Define an element unless its name is taken: a page that stays open during an update may load the
 * next version of a module, and goes on with the elements that it has.
 */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}
