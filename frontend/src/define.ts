/**
 * Define an element, unless it is there already: a page that stays open while Home Assistant is
 * updated gets the module once more, and goes on with what it has.
 */
export function define(name: string) {
  return (element: CustomElementConstructor): void => {
    if (!customElements.get(name)) customElements.define(name, element);
  };
}
